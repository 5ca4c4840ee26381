"""What one round costs each party: real processes, real files, real QUIC on loopback.

    cargo build --release --bins
    python3 deploy/bench/scale.py [--senders 1] [--receivers 2] [--sender-rows 100000] [--receiver-rows 100000]
                                  [--preset basic] [--memory-mib N] [--out FOLDER] [--json FILE]

Made-up people: half of the smaller list of each pair are in the other list. A coordinator and a node for every member are started from
target/release, enrol, read their files, sign an agreement and a study of one table, and run one round. Printed for each party: processor
seconds and peak memory from the opening of the round to its report, and of the reading of the files before; for the round the wall seconds
and the bytes on the loopback device (everybody's, headers included, so leave the machine alone). Standard library only; Linux.
"""

import argparse
import concurrent.futures
import datetime
import itertools
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
COHORT = "2020-2021"
SYLLABLES = [a + b for a in "BDFGKLMNPRSTVZ" for b in ("A", "E", "I", "O", "U", "AN", "EL", "IR", "OS", "UM")]
BIRTHDAYS = [datetime.date(2002, 1, 1) + datetime.timedelta(days=day) for day in range(730)]
TICKS = os.sysconf("SC_CLK_TCK")


def person(number):
    """First, last, birth date, ssid, postal code: names of three and four syllables, mixed from the number."""
    mixed, spoken = number, []
    for factor in (0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB):
        mixed = (mixed + 1) * factor & 0xFFFF_FFFF_FFFF_FFFF
        mixed ^= mixed >> 29
    for _ in range(7):
        mixed, syllable = divmod(mixed, len(SYLLABLES))
        spoken.append(SYLLABLES[syllable])
    return "".join(spoken[:3]), "".join(spoken[3:]), BIRTHDAYS[number % 730], 1_000_000_000 + number, 90_000 + number % 5_000


def district(folder, name, numbers):
    folder.mkdir(parents=True)
    with open(folder / f"{name}-SENR.txt", "w", newline="") as senr, open(folder / f"{name}-SINF.txt", "w", newline="") as sinf:
        for number in itertools.chain(*numbers):
            first, last, born, ssid, zip_code = person(number)
            day, gender, local = born.strftime("%Y%m%d"), "FM"[number % 2], f"{name}-{number}"
            senr.write(
                f"SENR^^{number}^9968585^9930001^^{COHORT}^{ssid}^{local}^{first}^^{last}^^^^^{day}^{gender}^^CA^US^20200815^10^12"
                "^20210602^E230^100^^N^^9968585^^N^^^^^^\r\n"
            )
            sinf.write(
                f"SINF^^{number}^20200815^^9968585^9930001^{COHORT}^{ssid}^{local}^{first}^^{last}^^^^^{day}^{gender}^^CA^US^N^N^700"
                f"^^^^^N^^^^CA^{zip_code}^^N^13^^^^\r\n"
            )
    return [folder / f"{name}-SENR.txt", folder / f"{name}-SINF.txt"]


def college(folder, name, numbers):
    folder.mkdir(parents=True)
    kinds = {
        "students": "student_id,ssid,ssn,first,middle,last,suffix,prior_last,birth_date,gender,hispanic,race,zip",
        "enrollments": "student_id,term,units_attempted,units_earned,status,level",
    }
    files = {kind: open(folder / f"{name}-{kind}.csv", "w") for kind in kinds}
    for kind, head in kinds.items():
        files[kind].write(head + "\n")
    for number in itertools.chain(*numbers):
        first, last, born, ssid, zip_code = person(number)
        local = f"{name}-{number}"
        files["students"].write(f"{local},{ssid},,{first},,{last},,,{born},{'FM'[number % 2]},N,700,{zip_code}\n")
        files["enrollments"].write(f"{local},2021FA,12,12,FIRST,LD\n")
    for file in files.values():
        file.close()
    return [folder / f"{name}-{kind}.csv" for kind in kinds]


class Party:
    """A process and what it has used."""

    def __init__(self, program, folder, settings=()):
        self.program, self.folder = BIN / program, folder
        self.settings = list(settings)

    def run(self, *words, answer=True):
        command = [str(self.program), "--dir", str(self.folder), *map(str, words), *(["--json"] if answer else [])]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout) if answer and done.stdout.strip().startswith("{") else done.stdout

    def retry(self, seconds, *words, answer=True, unless=lambda: False):
        until = time.monotonic() + seconds
        while True:
            try:
                return self.run(*words, answer=answer)
            except SystemExit:
                if time.monotonic() > until or unless():
                    raise
                time.sleep(0.3)

    def serve(self):
        log = open(f"{self.folder}.out", "w")
        environment = {**os.environ, **dict(self.settings)}
        command = [str(self.program), "--dir", str(self.folder), "serve"]
        self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        until = time.monotonic() + 30
        while not (pathlib.Path(self.folder) / "control.sock").exists():
            if time.monotonic() > until:
                raise SystemExit(f"{self.folder} does not answer; see {self.folder}.out")
            time.sleep(0.1)

    def used(self):
        """Processor seconds so far, and the peak of resident memory since it was last asked for, in MiB."""
        place = pathlib.Path(f"/proc/{self.process.pid}")
        fields = (place / "stat").read_text().rsplit(")", 1)[1].split()
        peak = int(re.search(r"VmHWM:\s+(\d+)", (place / "status").read_text())[1]) / 1024
        (place / "clear_refs").write_text("5")
        return (int(fields[11]) + int(fields[12])) / TICKS, peak


def loopback_bytes():
    for line in pathlib.Path("/proc/net/dev").read_text().splitlines():
        if line.strip().startswith("lo:"):
            return int(line.split(":")[1].split()[0])
    return 0


def quoted(word):
    return json.dumps(word)


def agreement(parties, authority):
    # Every sender has a table of its own, and a receiver is charged for each.
    senders = sum(party.segment == "k12" for party in parties)
    example = (ROOT / "deploy/config/agreement.example.toml").read_text()
    year = datetime.datetime.now(datetime.UTC).year
    named = lambda part: "\n".join(re.search(rf"(?ms)^\[{part}\]$.*?^digest[^\n]*", example)[0].splitlines()[-2:])
    confirms = re.search(r"(?ms)^confirms = \[.*?^\]", example)[0]
    lines = [
        'format = "passage-agreement/2"', 'title = "Measured"', f"authority = {quoted(authority)}", 'legal_basis = "studies"',
        'purposes = ["improving-instruction"]', 'scope = "College-going of made-up people"', 'representatives = "Nobody"',
        f'effective = "{year - 1}-01-01"', f'expires = "{year + 1}-12-31"', f'review = "{year + 1}-06-30"', "notice_days = 30",
        'survival = "The duty to keep confidential what was learned under this agreement survives its end."', "retention_days = 30", 'destruction = "cryptographic-erasure"',
        f'elements_agreed = "{datetime.date.today()}"', f'cohorts = ["{COHORT}"]', "committee_min = 2",
        "[dictionary]", named("dictionary"), "[principles]", named("principles"),
        "[publication]", 'rule = "external-after-review"', "[breach]", "notice_hours = 72", "[disclosure]", "floor = 11",
        "[noise]", 'kind = "discrete-laplace"', 'epsilon = "2"', 'delta = "1e-6"', f'budget = "{max(20, 2 * senders)}"', "[contract]", confirms,
        "[[catalogue]]", 'metric = "college-going-12"', "version = 1",
    ]
    for party in parties:
        lines += [
            "[[party]]", f"code = {quoted(party.code)}", f"name = {quoted(party.name)}", f'segment = "{party.segment}"',
            f"signing_key = {quoted(party.key)}", 'breach_contact = "Nobody, 555-0100"', "[[party.signer]]",
            'name = "Head"', 'title = "Superintendent"', 'capacity = "top-administrator"',
        ]
    keys = ["ssid", "first", "middle", "last", "prior-last", "alias-last", "birth-date", "gender", "zip"]
    for sender in (party for party in parties if party.segment == "k12"):
        for receiver in (party for party in parties if party.segment != "k12"):
            for one, other, more in (
                (sender, receiver, ["completer-cohort", "ethnicity"]), (receiver, sender, ["ssn", "school-year", "special-admit"])
            ):
                elements = ", ".join(map(quoted, keys + more))
                lines += ["[[share]]", f'from = "{one.code}"', f'to = "{other.code}"', f"elements = [{elements}]"]
    return "\n".join(lines) + "\n"


def study(parties, preset, digest):
    lines = [
        'format = "passage-study/2"', 'title = "Measured"', f'agreement = "{digest}"', 'purpose = "improving-instruction"',
        f'cohorts = ["{COHORT}"]', f'preset = "{preset}"', "committee = 2",
    ]
    for party in parties:
        role = "sender" if party.segment == "k12" else "receiver"
        lines += ["[[participant]]", f'code = "{party.code}"', f'role = "{role}"']
    return "\n".join(lines + ["[[table]]", 'metric = "college-going-12"', "version = 1", 'by = ["ethnicity"]']) + "\n"


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, standard in (("senders", 1), ("receivers", 2), ("sender-rows", 100_000), ("receiver-rows", 100_000)):
        words.add_argument(f"--{name}", type=int, default=standard)
    words.add_argument("--preset", default="basic")
    words.add_argument("--memory-mib", type=int)
    words.add_argument("--out", type=pathlib.Path)
    words.add_argument("--json", type=pathlib.Path)
    asked = words.parse_args()
    out = asked.out or pathlib.Path(tempfile.mkdtemp(prefix="passage-scale."))
    (out / "state").mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    say = lambda what: print(f"[{time.monotonic() - started:6.0f}s] {what}", flush=True)

    say(f"files and state in {out}")
    shared = min(asked.sender_rows, asked.receiver_rows) // 2
    members, makers = [], []
    pool = concurrent.futures.ProcessPoolExecutor()
    for place in range(asked.senders + asked.receivers):
        is_sender = place < asked.senders
        member = Party("passage-node", out / "state" / f"M{place}")
        member.name, member.segment = f"M{place}", "k12" if is_sender else "cc"
        members.append(member)
        rows = asked.sender_rows if is_sender else asked.receiver_rows
        # The first people of the first sender are everybody's of the receivers; other senders share theirs with nobody of their own kind.
        own = 100_000_000 + place * 50_000_000
        known = range(shared) if not is_sender or place == 0 else range(0)
        numbers = [known, range(own, own + rows - len(known))]
        write = district if is_sender else college
        makers.append(pool.submit(write, out / "data" / member.name, member.name, numbers))
    lists = [maker.result() for maker in makers]
    say(f"{len(members)} members with {asked.sender_rows} rows a sender, {asked.receiver_rows} a receiver")

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    memory = lambda name: [(f"PASSAGE_{name}_MEMORY_MIB", str(asked.memory_mib))] if asked.memory_mib else []
    coordinator = Party("passage-coordinator", out / "state" / "coordinator", memory("JOIN"))
    coordinator.name, coordinator.segment = "coordinator", ""
    authority = coordinator.run("init", "--consortium", "Measured", "--listen", address, "--public", address)["authority"]
    coordinator.serve()
    everybody = [coordinator, *members]
    try:
        for member in members:
            member.settings = memory("ROUND")
            invitation = coordinator.run("invite", "--name", member.name, "--segment", member.segment)["invitation"]
            member.run("join", invitation, answer=False)
            member.serve()
            member.run("principles", "accept", "--by", "Head", answer=False)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as reading:
            list(reading.map(lambda member, files: member.run("import", *files, answer=False), members, lists))
        for member in members:
            facts = member.run("doctor")
            member.code, member.key = facts["code"], facts["signing_key"]
        say("everybody has read its files")
        (out / "agreement.toml").write_text(agreement(members, authority))
        proposed = coordinator.run("agreement", "propose", out / "agreement.toml")
        for member in members:
            member.retry(60, "agreement", "show", proposed["agreement"], answer=False)
            member.run("agreement", "sign", proposed["agreement"], "--by", "Head", answer=False)
        (out / "study.toml").write_text(study(members, asked.preset, proposed["digest"]))
        number = coordinator.run("study", "propose", out / "study.toml")["study"]
        for member in members:
            member.retry(60, "study", "show", number, answer=False)
            member.run("study", "approve", number, "--by", "Head", answer=False)
        say("signed; the round begins")
        read = [party.used() for party in everybody]
        sent, wall = loopback_bytes(), time.monotonic()
        opened = coordinator.retry(60, "round", "open", number)["round"]
        over = lambda: "aborted" in coordinator.run("round", "show", opened, answer=False)
        for member in members:
            member.retry(3_600, "what-leaves", opened, answer=False, unless=over)
            member.retry(3_600, "round", "approve", opened, "--by", "Head", answer=False)
        coordinator.run("round", "show", opened, "--wait", 36_000, answer=False)
        members[0].retry(600, "report", "export", opened, "--format", "csv", "--out", out / "report.csv", answer=False)
        wall, sent = time.monotonic() - wall, loopback_bytes() - sent
        say("reported")
        figures = []
        for party, (read_cpu, read_peak) in zip(everybody, read):
            spent, peak = party.used()
            figures.append({
                "party": party.name, "role": {"": "coordinator", "k12": "sender"}.get(party.segment, "receiver"),
                "processor s": round(spent - read_cpu, 1), "peak MiB": round(peak),
                "reading: processor s": round(read_cpu, 1), "reading: peak MiB": round(read_peak),
            })
    finally:
        for party in everybody:
            if hasattr(party, "process"):
                party.process.kill()
    print(f"\n{'party':<13}{'role':<13}{'processor s':>12}{'peak MiB':>10}{'reading: processor s':>22}{'peak MiB':>10}")
    for one in figures:
        print("{:<13}{:<13}{:>12}{:>10}{:>22}{:>10}".format(*one.values()))
    rows = asked.senders * asked.sender_rows + asked.receivers * asked.receiver_rows
    total = sum(one["processor s"] for one in figures)
    print(
        f"\nround: {wall:.1f} s on the wall, {total:.1f} processor seconds of all parties, {sent / 1e6:.1f} MB on the wire "
        f"({sent / rows:.0f} bytes a row); {asked.senders} x {asked.sender_rows} against {asked.receivers} x {asked.receiver_rows}, "
        f"preset {asked.preset}"
    )
    if asked.json:
        asked.json.write_text(json.dumps({"parties": figures, "wall s": wall, "bytes": sent, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
