"""The configuration's TOML against readers others wrote, over generated documents.

tomllib knows TOML 1.0, tomli 1.1, which version 3 of the AWS agent reads. What ours reads, one of them reads the same;
what ours refuses, it refuses with a line, and both refuse it too, but for what no setting takes: dates, whole numbers of
more than 64 bits, nesting beyond 64.
"""

import datetime
import json
import math
import os
import random
import re
import subprocess
import tempfile
import tomllib

import pytest
import tomli

DRIVER = os.path.join(os.environ["BUILD"], "toml_driver")
AGENT = os.path.join(os.environ["BUILD"], "secrets-manager-agent")


def read(documents):
    """What the driver makes of each document."""
    stream = b"".join(b"%d\n%s" % (len(document), document) for document in documents)
    done = subprocess.run([DRIVER], input=stream, capture_output=True, check=True, timeout=300)
    answers = [json.loads(line) for line in done.stdout.decode().split("\n")[:-1]]
    assert len(answers) == len(documents)
    return answers


class NotTaken(Exception):
    """What TOML knows and no setting takes."""


def typed(value, depth=0):
    """A reader's value in the driver's form."""
    if depth > 60:
        raise NotTaken
    if isinstance(value, bool):
        return ["boolean", value]
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise NotTaken
        return ["integer", str(value)]
    if isinstance(value, float):
        return ["real", "nan" if math.isnan(value) else value]
    if isinstance(value, str):
        return ["text", value]
    if isinstance(value, list):
        return ["array", [typed(item, depth + 1) for item in value]]
    if isinstance(value, dict):
        return ["table", {key: typed(item, depth + 1) for key, item in value.items()}]
    assert isinstance(value, (datetime.date, datetime.time))
    raise NotTaken


def ours(answer):
    """The driver's form with floats as floats."""
    kind, value = answer
    if kind == "real":
        return [kind, "nan" if "nan" in value else float(value)]
    if kind == "array":
        return [kind, [ours(item) for item in value]]
    if kind == "table":
        return [kind, {key: ours(item) for key, item in value.items()}]
    return answer


def theirs(document):
    """What tomllib or else tomli reads; None where both refuse."""
    try:
        text = document.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        return None
    for reader in (tomllib, tomli):
        try:
            return reader.loads(text)
        except RecursionError:
            raise NotTaken from None
        except ValueError:
            pass
    return None


def holds_word(answer):
    kind, value = answer
    if kind == "table":
        return any(holds_word(item) for item in value.values())
    return kind == "word" or (kind == "array" and any(holds_word(item) for item in value))


def check(documents):
    """Compares all; gives how many ours read."""
    count = 0
    for document, answer in zip(documents, read(documents)):
        try:
            reference = theirs(document)
            expected = None if reference is None else typed(reference)
        except NotTaken:
            assert answer[0] == "refused", document
            continue
        if answer[0] == "refused":
            assert expected is None, (document, answer)
            assert 1 <= answer[1] <= document.count(b"\n") + 1 and answer[2], (document, answer)
        elif holds_word(answer):
            assert expected is None, document  # on, off, yes, no: ours alone
        else:
            assert ours(answer) == expected, document
            count += 1
    return count


class Writer:
    """Writes random documents, most of them valid."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *options):
        return self.random.choice(options)

    def blank(self):
        return self.pick("", "", " ", "\t", "  ")

    def space(self):
        """Between the members of a list."""
        return self.pick("", "", " ", "\n", " # ] } \" ''' comment\n", "\n\n\t")

    def text(self):
        alphabet = "ab Z09_-.=:[]{}#;,'\"\\/é€😀\t%"
        return "".join(self.random.choice(alphabet) for _ in range(self.random.randrange(8)))

    def basic(self, text):
        out = ""
        for c in text:
            if c in '"\\':
                out += "\\" + c
            elif self.random.random() < 0.1:
                out += self.pick(f"\\U{ord(c):08x}", f"\\u{ord(c):04X}" if ord(c) < 0x10000 else c)
            else:
                out += c
        return out + self.pick("", "", "\\n", "\\t", "\\u0000", "\\\\")

    def string(self):
        text = self.text()
        form = self.random.randrange(6)
        if form == 0 and "'" not in text:
            return f"'{text}'"
        if form == 1 and "'" not in text:
            return "'''" + self.pick("", "\n") + text + self.pick("", "\n", "''", "\\") + "'''"
        if form == 2:
            middle = self.pick("", "\n", "\\\n   ", '"', '""', " \\  \n\n ")
            return '"""' + self.pick("", "\n") + self.basic(text) + middle + self.basic(self.text()) + '"""'
        return f'"{self.basic(text)}"'

    def number(self):
        value = self.random.randrange(10 ** self.random.randrange(1, 22))
        return self.pick(
            str(value), f"-{value}", f"+{value}", f"{value:_}", f"{value:#x}", f"{value:#o}", f"{value:#b}", f"0x{value:_X}",
            f"{value}.0", f"-{value}.25e-3", f"{value}e{self.random.randrange(400)}", "1_0.2_5E+1_0", "inf", "-inf", "+nan",
            "nan", "0", "-0", "-0.0", "0e0", "00", "1__0", "_1", "1.", ".5", "0x", "1e", "+0x1")

    def value(self, depth=0):
        form = self.random.randrange(12)
        if form < 4 or depth > 3:
            return self.string()
        if form < 6:
            return self.number()
        if form == 6:
            return self.pick("true", "false", "true", "false", "on", "No", "True")
        if form == 7:
            return self.pick("1979-05-27T07:32:00Z", "1979-05-27", "07:32:00", "1979-05-27 07:32:00.5+01:00", "07:32")
        if form < 10:
            items = [self.space() + self.value(depth + 1) + self.space() for _ in range(self.random.randrange(4))]
            comma = "," if items and self.random.random() < 0.3 else ""
            return "[" + ",".join(items) + comma + self.space() + "]"
        pairs = [self.pair(depth + 1) for _ in range(self.random.randrange(4))]
        return "{" + self.blank() + ("," + self.blank()).join(pairs) + self.pick("", "", "", ",", "\n") + "}"

    def key(self):
        part = lambda: self.pick("a", "b", "c", "d", "1", "-_", "a", "b", '"a"', "'b'", f'"{self.basic(self.text())}"', '""')
        count = self.pick(1, 1, 1, 2, 3)
        return (self.blank() + "." + self.blank()).join(part() for _ in range(count))

    def pair(self, depth=0):
        return self.key() + self.blank() + "=" + self.blank() + self.value(depth)

    def line(self):
        form = self.random.randrange(10)
        if form < 6:
            line = self.pair()
        elif form < 8:
            line = "[" + self.blank() + self.key() + self.blank() + "]"
        elif form == 8:
            line = "[[" + self.blank() + self.key() + self.blank() + "]]"
        else:
            line = ""
        return self.blank() + line + self.blank() + self.pick("", "", "", "# a = [1] 'x", "#")

    def document(self, lines):
        end = self.pick("\n", "\n", "\r\n")
        text = end.join(self.line().replace("\n", end) for _ in range(self.random.randrange(1, lines)))
        return (self.pick("", "", "", "\ufeff") + text + self.pick("", end)).encode()

    def spoil(self, document):
        """One small change anywhere: a piece put in, a stretch taken out, twice there, or taken from another document."""
        at = self.random.randrange(len(document) + 1)
        end = min(at + self.random.randrange(1, 30), len(document))
        form = self.random.randrange(6)
        if form == 0:
            return document[:at] + document[end:]
        if form == 1:
            return document[:end] + document[at:]
        if form == 2:
            other = self.document(3)
            begin = self.random.randrange(len(other) + 1)
            return document[:at] + other[begin:begin + 30] + document[at:]
        return document[:at] + self.pick(*PIECES) + document[at + self.pick(0, 0, 1):]


PIECES = (b'"', b"'", b"\\", b"[", b"]", b"{", b"}", b"=", b"#", b"\n", b"\r", b",", b".", b" ", b"\t", b"_", b";", b":", b"\0", b"\x01",
          b"\x02", b"\x03", b"\x0b", b"\x0c", b"\x7f", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xc2\x85",
          b"\xe2\x80\xa8", b'"""', b"'''", b'""', b"''", b'""""', b"'''''", b"\\\n", b"\\ \t\n", b'\\"', b"\\\\", b"\\u0041", b"\\x41",
          b"\\e", b"\r\n", b"0", b"e", b"x", b"+", b"-", b"inf", b"a = 1", b"\na = 1\n", b"\n[a]\n", b"\n[[a]]\n", b"\na.b = 1\n",
          b"true", b"on")


def test_documents_that_are_mostly_valid_are_read_as_others_read_them():
    documents = [Writer(seed).document(4) for seed in range(4000)]
    assert check(documents) > 1000


def test_long_documents_are_read_as_others_read_them():
    valid = []
    for seed in range(200):  # lines that hold no fault and no clash, one after the other
        writer = Writer(seed + 10_000)
        text = b""
        for _ in range(30):
            longer = text + writer.line().encode() + b"\n"
            try:
                tomllib.loads(longer.decode())
                text = longer
            except ValueError:
                pass
        valid.append(text)
    assert check(valid) > 50


def test_spoiled_documents_are_refused_or_read_as_others_read_them():
    documents = []
    for seed in range(12000):
        writer = Writer(seed + 20_000)
        document = writer.document(5)
        for _ in range(writer.pick(1, 1, 2, 4)):
            document = writer.spoil(document)
        documents.append(document)
    assert check(documents) > 1000


FAULTS = [
    b"x", b"x =", b"= 1", b"x = on fire", b"x = us-east-1", b'x = "open', b"x = 'open", b"x = 1 2", b"x = [1 2]", b"x = [,]",
    b"x = {,}", b"x = {a = 1, a = 2}", b"x = {a = 1 b = 2}", b"x = 01", b"x = 1_", b"x = 0xg", b"x = 1.e5", b"x = +", b"x.. = 1",
    b".x = 1", b"x y = 1", b"x # y = 1", b'"x = 1', b'"""x""" = 1', b"x: 1", b"; x = 1", b"k = 2", b"k.a = 2", b'x = "\\q"',
    b'x = "\\uD800"', b'x = "\\U00110000"', b'x = "\\u12"', b'x = "a" "b"', b"x = ]", b"x = }", b"x = 1979-05-27",
    b"x = 9223372036854775808", b"x = \x7f", b"x = '\x01'", b"x = '\xff'", b"# \x00", b"x = 1\r2", b"\xef\xbb\xbfx = 1",
    b"[x", b"[]", b"[x.]", b"[x] y", b"[[x]", b"[ [x] ]", b"[[x] ]", b"[x]]", b"[k]", b"[[k]]", b"[l]", b"[[l]]", b"[k.a]",
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_reported_with_its_line(fault):
    before = b"# a comment\nk = '''\none = [\n'''\nl = [1,\n  2] # two\n"
    [answer] = read([before + fault + b"\n[rest]\nk = 1\n"])
    assert answer[:2] == ["refused", 7], answer


@pytest.mark.parametrize("fault", [b"[table]", b"[[table]]", b"[list]", b"[dotted.a]", b"[list.b]", b"[[static]]"])
def test_a_table_defined_twice_is_reported_with_its_line(fault):
    before = b"dotted.a.x = 1\nstatic = []\n[table]\n[[list]]\nb.c = 1\n"
    [answer] = read([before + fault + b"\n"])
    assert answer[:2] == ["refused", 6], answer


@pytest.mark.parametrize("text, line", [
    (b"a = 1\nb = [1,\n2\nc = 3\n", 4), (b"a = [\n1,\n\n", 1), (b'a = """\n\nb\n', 1), (b"a = {b = 1,\nc = 2\n", 1),
    (b"a = [\n1,\n 1x,\n]", 3), (b'a = """\n\nb\\q"""\n', 3), (b"a = [\n{b = 1,\n b = 2}]\n", 3)])
def test_a_fault_inside_a_value_of_several_lines_is_reported_where_it_stands(text, line):
    [answer] = read([text])
    assert answer[:2] == ["refused", line], answer


FOLDER = tempfile.mkdtemp()  # where files can be written
SERVICE = ("capabilities", "secrets_manager")
PLACES = {
    "log_level": ("logging",), "log_to_file": ("logging",), "log_format": ("logging",),
    "enabled": SERVICE, "http_port": SERVICE, "region": SERVICE,
    "path_prefix": SERVICE, "max_conn": SERVICE, "max_roles": SERVICE, "ignore_transient_errors": SERVICE,
    "validate_credentials": SERVICE, "credentials_file_path": SERVICE, "unix_socket": SERVICE, "files": SERVICE, "metrics_address": SERVICE, "sandbox": SERVICE, "post_quantum": SERVICE,
    "ttl_seconds": (*SERVICE, "cache"), "max_stale_seconds": (*SERVICE, "cache"), "cache_size": (*SERVICE, "cache"), "cache_bytes": (*SERVICE, "cache"),
    "ssrf_headers": (*SERVICE, "security"), "ssrf_env_variables": (*SERVICE, "security"),
    "cache_buffer_ratio": (*SERVICE, "prefetch"), "max_jitter_seconds": (*SERVICE, "prefetch"),
    "secrets": (*SERVICE, "prefetch"), "filter_tags": (*SERVICE, "prefetch"),
}
BOOLEANS = {"log_to_file", "enabled", "ignore_transient_errors", "validate_credentials", "sandbox", "post_quantum"}
NUMBERS = {"http_port": (1024, 65535), "max_conn": (1, 1000), "max_roles": (1, 20), "ttl_seconds": (0, 3600),
           "max_stale_seconds": (0, 31536000), "cache_size": (0, 1000), "cache_bytes": (1 << 20, 1 << 30), "max_jitter_seconds": (0, 10)}


def meant(key, value):
    """What a value stands for, as the AWS agent takes it."""
    if key in BOOLEANS:
        return str(value).lower() in ("true", "on", "yes", "1")
    if key in NUMBERS:
        return int(value)
    if key == "cache_buffer_ratio":
        return float(value)
    if key == "log_level":
        return value.upper()
    if key == "log_format":
        return value.lower()
    if key == "files":
        return [{"mode": "0440"} | entry for entry in value]
    if key in ("secrets", "filter_tags"):
        return [{name: text for name, text in entry.items() if text} for entry in value]
    return value


def settings_of(document):
    """A configuration, in either form, as one flat table."""
    found = {}

    def walk(table, place):
        for key, value in table.items():
            name = key if place else key.lower()
            if name in PLACES and (not place or place == PLACES[name]):
                found[name] = meant(name, value)
            elif (*place, key) != ("capabilities", "acm"):
                walk(value, (*SERVICE, "prefetch") if (*place, key) == ("prefetch",) else (*place, key))

    walk(document, ())
    return found


class ConfigurationWriter(Writer):
    """Writes configurations that are right, in odd ways."""

    def written(self, text):
        return self.pick(f'"{self.escaped(text)}"', f"'{text}'", f'"""\n{self.escaped(text)}"""', f"'''{text}'''",
                         f'"""\\\n  {self.escaped(text)}\\\n  """')

    def escaped(self, text):
        return "".join(self.pick(c, c, c, f"\\u{ord(c):04x}") for c in text)

    def list(self, items):
        written = ",".join(self.space() + item + self.space() for item in items)
        return "[" + written + (self.pick("", ", ") if written else "") + "]"

    def setting(self, key):
        if key in BOOLEANS:
            return self.pick("true", "false", "1", "0", '"on"', "'OFF'", '"Yes"', "'no'", '"1"', "'false'")
        if key in NUMBERS:
            low, high = NUMBERS[key]
            value = self.pick(low, high, self.random.randint(low, high))
            return self.pick(str(value), f"+{value}", f"{value:_}", f"{value:#x}", f"{value:#o}", f"{value:#b}", f"'{value}'",
                             f'"{value}"', f"{value}.0", f"{value}e0")
        if key == "cache_buffer_ratio":
            return self.pick("0.1", "1", "1.0", "5e-1", "'0.75'", "0.33_33")
        if key in ("secrets", "filter_tags"):
            name = "secret_id" if key == "secrets" else "key"
            role = lambda: self.pick("", ", role_arn = 'arn:aws:iam::123456789012:role/R'", ",'role_arn'=\"x\"")
            return self.list("{" + f"{name} = {self.written(self.pick('a/b', 'x=y', '[z]#'))}" + role() + "}"
                             for _ in range(self.random.randrange(3)))
        if key == "files":
            more = lambda: self.pick("", ", refresh_seconds = 0x3c", ", mode = '0600'", f",'group'={os.getgid()}", ", key = \"k\"")
            return self.list("{" + f"path = {self.written(f'{FOLDER}/{number}')}, secret = {self.written('a/b')}" + more() + "}"
                             for number in range(self.random.randrange(3)))
        if key in ("ssrf_headers", "ssrf_env_variables"):
            return self.list(self.written(self.pick("X-One", "X_TWO")) for _ in range(self.random.randrange(1, 4)))
        return self.written({"log_level": self.pick("debug", "Info", "NONE"), "log_format": self.pick("text", "Json"), "region": self.pick("eu-central-1", "us-east-1"),
                             "path_prefix": self.pick("/", "/v1/", "/a=b#c/"), "credentials_file_path": "/tmp/[x] = {y}",
                             "unix_socket": "/tmp/[x] = {y}/agent.sock",
                             "metrics_address": self.pick("[::]:9772", "127.0.0.1:0")}[key])

    def configuration(self):
        flat, nested = [], {}
        for key in PLACES:
            if self.random.random() < 0.5:
                continue
            line = self.blank() + "=" + self.blank() + self.setting(key) + self.pick("", "  # [comment")
            place = PLACES[key]
            if key != "enabled" and self.random.random() < 0.5:
                prefix = "prefetch." if place[-1] == "prefetch" else ""
                flat.append(prefix + (key if prefix else self.pick(key, key.upper(), f'"{key}"')) + line)
            else:
                nested.setdefault(place, []).append(self.pick(key, f"'{key}'") + line)
        tables = ["[" + self.blank() + ".".join(self.pick(part, f'"{part}"') for part in place) + " ] # x\n" + "\n".join(lines)
                  for place, lines in nested.items()]
        self.random.shuffle(tables)
        self.random.shuffle(flat)
        if self.random.random() < 0.2:
            tables.append("[capabilities.acm]\nenabled = false\n[[capabilities.acm.certificates]]\na = {mode = '0644'}")
        return ("\n".join(flat + tables) + "\n").encode()


# What a start needs besides the file; the token's variable has any of the names that the configurations give it.
SURROUNDINGS = dict.fromkeys(("AWS_TOKEN", "X-One", "X_TWO"), "0123456789abcdef") | {"AWS_REGION": "eu-central-1"}


def check_config(path, document):
    path.write_bytes(document)
    return subprocess.run([AGENT, "--check-config", "-c", path], env=SURROUNDINGS, capture_output=True, timeout=60)


DEFAULTS = {}


@pytest.fixture(scope="module", autouse=True)
def defaults(tmp_path_factory):
    done = check_config(tmp_path_factory.mktemp("defaults") / "config.toml", b"")
    assert done.returncode == 0, done.stderr
    DEFAULTS.update(settings_of(tomllib.loads(done.stdout.decode())))
    DEFAULTS.update(secrets=[], filter_tags=[], files=[])


def in_force(stdout):
    return DEFAULTS | settings_of(tomllib.loads(stdout.decode()))


@pytest.mark.parametrize("seeds", [range(100 * i, 100 * i + 100) for i in range(4)], ids=lambda seeds: f"from {seeds[0]}")
def test_check_config_prints_what_tomllib_reads(tmp_path, seeds):
    for seed in seeds:
        document = ConfigurationWriter(seed).configuration()
        done = check_config(tmp_path / "config.toml", document)
        assert done.returncode == 0, (document, done.stderr)
        assert in_force(done.stdout) == DEFAULTS | settings_of(tomllib.loads(document.decode())), document
        again = check_config(tmp_path / "again.toml", done.stdout)
        assert again.stdout == done.stdout


def test_a_spoiled_configuration_is_refused_by_line_or_read_as_others_read_it(tmp_path):
    path = tmp_path / "config.toml"
    refused = 0
    for seed in range(400):
        writer = ConfigurationWriter(seed + 5000)
        document = writer.spoil(writer.configuration())
        done = check_config(path, document)
        if done.returncode == 0:
            assert in_force(done.stdout) == DEFAULTS | settings_of(theirs(document)), document
            continue
        assert done.returncode == 1 and not done.stdout
        if b"Could not read SSRF token" in done.stderr or b"cannot listen on unix:" in done.stderr:
            continue  # the file was read; the spoiled part is the name of the token's variable, or the socket's path
        for line in done.stderr.decode().splitlines():
            said = re.fullmatch("(?:secrets-manager-agent: )?" + re.escape(str(path)) + r":(\d+): .+", line)
            assert said and 1 <= int(said[1]) <= document.count(b"\n") + 1, (document, line)
        refused += 1
    assert 100 < refused < 400


ROOT = os.path.join(os.path.dirname(__file__), "..", "..")


def page(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("key", PLACES)
def test_configuration_page_and_man_page_name_every_key(key):
    variable = ("SMA_PREFETCH_" if PLACES[key][-1] == "prefetch" else "SMA_") + key.upper()
    [row] = [line for line in page("docs/configuration.md").splitlines() if line.startswith("|") and f"`{variable}`" in line]
    assert f"`{key}`" in row or f"`prefetch.{key}`" in row
    assert re.search(rf"\b{key}\b", page("deploy/secrets-manager-agent.1"))


@pytest.mark.parametrize("key", PLACES)
def test_the_specification_has_every_key_with_its_table_default_and_range(key):
    names = {f"`{key}`", f"`prefetch.{key}`", f"(nested only) `{key}`"}
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page("docs/specification.md").splitlines()]
    [(_, table, default, allowed)] = [row for row in rows if len(row) == 4 and row[0] in names]
    assert table == f"`{'.'.join(PLACES[key])}`"
    value = DEFAULTS.get(key)
    if isinstance(value, list) and value:
        assert default == ", ".join(f"`{item}`" for item in value)
    elif value in (None, []):
        assert default.startswith(("none", "found"))
    else:
        assert default.strip("`") == (str(value).lower() if key in BOOLEANS else str(value))
    if key in NUMBERS and key != "cache_bytes":
        assert allowed.startswith("%d to %d" % NUMBERS[key])


def test_the_configurations_that_documents_and_man_page_show_are_accepted_and_show_the_defaults(tmp_path):
    examples = re.findall(r"```toml\n(.*?)```", page("docs/configuration.md"), re.S)
    assert examples
    for example in examples:
        example = example.replace("/run/secrets", FOLDER).replace("group = 999", f"group = {os.getgid()}")
        assert check_config(tmp_path / "config.toml", example.encode()).stderr == b""
    [shown] = re.findall(r"\.Bd -literal -offset indent\n(log_level.*?)\.Ed", page("deploy/secrets-manager-agent.1"), re.S)
    shown = shown.replace('unix_socket = "..."', 'unix_socket = "/x"').replace('metrics_address = "..."', "metrics_address = '[::]:9772'").replace('"..."', '"x"')
    done = check_config(tmp_path / "config.toml", shown.encode())
    assert done.returncode == 0, done.stderr
    for key, value in in_force(done.stdout).items():
        if "x" not in str(value) and key != "metrics_address":
            assert value == DEFAULTS[key], key
