//! Invented pupils and students, in the layouts of real files. Every value is one no message would contain by chance.

/// Values of [`sinf`] and [`students`] that must never be printed.
pub(crate) const VALUES: &[&str] = &[
    "QUILLONA",
    "Quillona",
    "ZEPHYRINE",
    "Zephyrine",
    "MARKERSON",
    "Markerson",
    "7315902846",
    "LOCAL-88",
    "20050317",
    "2005-03-17",
    "90917",
];

/// One pupil of a CALPADS SINF file; the fields a test damages are its own.
#[derive(Clone)]
pub(crate) struct Pupil {
    pub(crate) ssid: String,
    pub(crate) local: String,
    pub(crate) last: String,
    pub(crate) birth: String,
    pub(crate) year: &'static str,
}

impl Pupil {
    pub(crate) fn number(number: u32) -> Self {
        Self {
            ssid: format!("73159{number:05}"),
            local: format!("LOCAL-88{number:05}"),
            last: "MARKERSON".into(),
            birth: "20050317".into(),
            year: "2022-2023",
        }
    }

    /// The row, 42 columns.
    pub(crate) fn sinf(&self) -> String {
        let Self { ssid, local, last, birth, year } = self;
        format!(
            "SINF^^{local}^20220815^^9968585^9930002^{year}^{ssid}^{local}^QUILLONA^ZEPHYRINE^{last}^^^^^{birth}^F^^CA^US^N^N^204^^^^^N^^^^CA^90917^^N^13^^^^"
        )
    }
}

/// A SINF file of so many pupils.
pub(crate) fn sinf(count: u32) -> String {
    sinf_of(&(1..=count).map(Pupil::number).collect::<Vec<_>>())
}

pub(crate) fn sinf_of(pupils: &[Pupil]) -> String {
    pupils.iter().map(|pupil| pupil.sinf() + "\r\n").collect()
}

/// A header row of a college student list and its one student.
pub(crate) const STUDENTS_HEADER: &str =
    "student_id,ssid,ssn,first,middle,last,suffix,prior_last,birth_date,gender,hispanic,race,zip\n";
pub(crate) const STUDENT: &str = "LOCAL-88,7315902846,,Quillona,,Markerson,,,2005-03-17,F,N,700,90917\n";

/// The repository's root.
pub(crate) fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A layout file as an institution writes it for its own files.
pub(crate) fn layout(name: &str) -> String {
    root().join("node/tests/own_layouts").join(name).to_str().unwrap().to_owned()
}
