//! The true coordinator's folder, served by a coordinator that changes what one member, the victim, is told.

use std::{
    fs,
    net::SocketAddr,
    sync::{Arc, Mutex},
    thread::sleep,
    time::{Duration, Instant},
};

use passage_coordinator::{app::App, command, documents, rounds, service::Service};
use passage_protocol::{
    codec::{Decode, Encode},
    ids::{Digest, MemberCode, RoundId},
    manifest::opening::RoundCall,
    round::CoordinatorInput,
    wire::{
        Message,
        governance::Documents,
        service::{DocumentText, Mail, kind},
    },
};
use passage_shell::{
    clock, control,
    pki::Peer,
    transport::{Handler, Refused, Request, Response, Server},
};
use serde_json::Value;
use tokio::{runtime::Runtime, sync::mpsc::unbounded_channel};

use crate::{
    fleet::{Fleet, PATIENCE, THREE, eventually, free_port},
    papers::Noise,
};

/// What the victim is about to be told, to be changed in place.
pub(super) enum Told<'a> {
    Message(&'a mut Message),
    Round(&'a mut RoundId),
    Documents(&'a mut Documents),
    Document(&'a mut Vec<u8>),
}

pub(super) type Lie = Box<dyn FnMut(Told<'_>) + Send>;

/// Answers as the true coordinator does, and passes what goes to the victim through the lie.
struct Liar {
    service: Service,
    victim: MemberCode,
    lie: Arc<Mutex<Lie>>,
}

impl Liar {
    fn change(&self, asked: &Request, body: &[u8]) -> Vec<u8> {
        let mut lie = self.lie.lock().unwrap();
        match asked.kind {
            kind::POLL => {
                let mut mail = Mail::from_bytes(body).unwrap();
                for entry in &mut mail.entries {
                    (*lie)(Told::Message(&mut entry.envelope.message));
                    (*lie)(Told::Round(&mut entry.envelope.round));
                }
                mail.to_bytes()
            }
            kind::DOCUMENTS => {
                let mut told = Documents::from_bytes(body).unwrap();
                (*lie)(Told::Documents(&mut told));
                told.to_bytes()
            }
            kind::DOCUMENT => {
                let mut told = DocumentText::from_bytes(body).unwrap();
                (*lie)(Told::Document(&mut told.text));
                told.to_bytes()
            }
            _ => body.to_vec(),
        }
    }
}

impl Handler for Liar {
    fn admit(&self, peer: &Peer, request: &Request) -> Result<u64, Refused> {
        self.service.admit(peer, request)
    }

    async fn handle(&self, peer: Peer, request: Request) -> Result<Response, Refused> {
        let (code, asked) = (peer.code(), request.clone());
        let answer = self.service.handle(peer, request).await?;
        if code != self.victim {
            return Ok(answer);
        }
        Ok(Response { body: self.change(&asked, &answer.body), ..answer })
    }

    async fn join(&self, body: Vec<u8>, from: SocketAddr) -> Result<Vec<u8>, Refused> {
        self.service.join(body, from).await
    }
}

/// The lying coordinator, serving until it is dropped.
pub(super) struct Court {
    pub(super) fleet: Fleet,
    pub(super) app: Arc<App>,
    lie: Arc<Mutex<Lie>>,
    pub(super) agreement: String,
    study: Digest,
    _runtime: Runtime,
}

pub(super) const VICTIM: &str = "K12A";

impl Court {
    /// Three members with files, an agreement all have signed, a study all have approved; then the true coordinator is
    /// replaced by one that lies.
    pub(super) fn open() -> Self {
        let port = free_port();
        let mut fleet = Fleet::start(THREE, port, port);
        fleet.import(3);
        let agreement = fleet.agree(Noise::None);
        let study = fleet.study(&agreement);
        fleet.until("coordinator", &["round", "open", &study]);
        let victim = MemberCode::parse(&fleet.codes()[0]).unwrap();
        fleet.kill("coordinator");

        let folder = fleet.folder("coordinator");
        let app = Arc::new(App::open(&folder).unwrap());
        let lie: Arc<Mutex<Lie>> = Arc::new(Mutex::new(Box::new(|_| ())));
        let liar = Liar { service: Service::new(Arc::clone(&app)), victim, lie: Arc::clone(&lie) };
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(async {
            let credentials = app.server_credentials(clock::now()).unwrap();
            let revocations = app.revocations().into();
            Server::bind(app.settings.listen, credentials, &revocations, app.shelf.clone(), liar).unwrap()
        });
        // No round of this test comes to the work behind these.
        let (jobs, _) = unbounded_channel();
        app.attach(jobs, Box::new(|_, _| Ok(())));
        let commanded = Arc::clone(&app);
        runtime.spawn(async move {
            let commands = control::listen(&folder).unwrap();
            let execute = move |command: command::Command, progress: control::ProgressSink<'_>| {
                command::execute(&commanded, command, progress)
            };
            tokio::join!(server.run(), control::serve(commands, execute));
        });
        let study = documents::find_study(&app, &study).unwrap();
        let court = Self { fleet, app, lie, agreement, study, _runtime: runtime };
        court.halt_all();
        court
    }

    pub(super) fn tell(&self, lie: impl FnMut(Told<'_>) + Send + 'static) {
        *self.lie.lock().unwrap() = Box::new(lie);
    }

    pub(super) fn halt_all(&self) {
        for (round, _) in rounds::list(&self.app).unwrap() {
            // One that is over stays as it is.
            let _ = rounds::input(&self.app, round, CoordinatorInput::Halt, clock::now());
        }
    }

    /// Opens a round; members that answered often enough without a result ask their people again, so these say yes again.
    pub(super) fn call(&self) -> RoundId {
        self.halt_all();
        for name in self.fleet.names() {
            self.fleet.node(&name, &["study", "approve", &self.study.to_string(), "--by", "Tester"]);
        }
        rounds::open(&self.app, self.study, clock::now()).unwrap()
    }

    /// Where a round stands at a member, once it stands there in those words.
    pub(super) fn standing(&self, name: &str, round: RoundId, wanted: &str) -> String {
        let began = Instant::now();
        loop {
            let shown = self.fleet.try_run(name, &["round", "show", &round.to_string()]);
            let standing =
                shown.as_ref().ok().and_then(|shown| shown["standing"].as_str()).unwrap_or_default();
            if standing.contains(wanted) {
                return standing.to_owned();
            }
            assert!(began.elapsed() < PATIENCE, "{name}: {shown:?}, expected {wanted}");
            sleep(Duration::from_millis(50));
        }
    }

    /// Tells each lie in a round of its own, and compares the codes by which the victim ends them with those expected.
    pub(super) fn judge(&self, lies: Vec<(&'static str, Lie, &'static str)>, play: fn(&Self) -> RoundId) {
        let (mut found, mut expected) = (Vec::new(), Vec::new());
        for (what, lie, code) in lies {
            self.tell(lie);
            let standing = self.standing(VICTIM, play(self), "aborted with ");
            let ended = standing.trim_start_matches("aborted with ");
            found.push((what, ended.split(':').next().unwrap_or_default().to_owned()));
            expected.push((what, code.to_owned()));
        }
        assert_eq!(found, expected);
    }

    /// Waits until the victim's audit log holds such an entry with such a code.
    pub(super) fn exposed(&self, act: &str, code: &str) {
        let such = |entry: &Value| entry["kind"] == act && entry["fields"]["code"] == code;
        eventually(|| self.log().iter().any(such), || format!("no {act} with {code} in {:#?}", self.log()));
    }

    pub(super) fn log(&self) -> Vec<Value> {
        let log = self.fleet.folder(VICTIM).join("audit/00000001.jsonl");
        let lines = fs::read_to_string(log).unwrap();
        lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Everybody says yes, or has said yes to the same account before.
    pub(super) fn say_yes(&self, round: RoundId) {
        let id = round.to_string();
        for name in self.fleet.names() {
            let standing = || {
                let shown = self.fleet.try_run(&name, &["round", "show", &id]).unwrap_or_default();
                shown["standing"].as_str().unwrap_or_default().to_owned()
            };
            let said = || {
                self.fleet.try_run(&name, &["round", "approve", &id, "--by", "Tester"]).is_ok()
                    || ["approved", "mixing", "aborted"].iter().any(|word| standing().contains(word))
            };
            eventually(said, || format!("{name}: {}", standing()));
        }
    }
}

/// A lie about one message, told whenever such a message goes to the victim.
pub(super) fn about(mut change: impl FnMut(&mut Message) + Send + 'static) -> impl FnMut(Told<'_>) + Send {
    move |told| {
        if let Told::Message(message) = told {
            change(message);
        }
    }
}

pub(super) fn calling(
    mut change: impl FnMut(&mut RoundCall) + Send + 'static,
) -> impl FnMut(Told<'_>) + Send {
    about(move |message| {
        if let Message::Call(call) = message {
            change(call);
        }
    })
}
