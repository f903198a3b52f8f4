"""Where credentials, region and endpoint overrides come from, beside botocore's own chain.

Both sides get the same environment and the same files. What lies behind the network is played on both sides, and the keys
it gives tell what was asked: which role, by whom, with which session name. A case that says `differs` is one where the
agent departs from botocore on purpose; there both answers are given, so that the list stays true.
"""

import functools
import hashlib
import itertools
import json
import os
import random
import subprocess

import botocore.configprovider
import botocore.credentials
import botocore.exceptions
import botocore.session
import botocore.tokens
import botocore.utils
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

DRIVER = os.path.join(os.environ["BUILD"], "credentials_driver")
FLAGS = {"UseFIPS": "use_fips_endpoint", "UseDualStack": "use_dualstack_endpoint"}
ANSWERED = ["region", *(service + what for service in ("secretsmanager", "sts") for what in ("", " asked"))]
ERROR = "error"
NONE = "none"

ENV_KEYS = {"AWS_ACCESS_KEY_ID": "EK", "AWS_SECRET_ACCESS_KEY": "ES"}
KEYS = "aws_access_key_id = K\naws_secret_access_key = S\n"
RUST_ORDER = "within a profile the order is the Rust SDK's"
RUST_READER = "the files are read as the Rust SDK reads them"
ENV_ORDER = "shared files come before the web identity of the environment, as in the Rust SDK"
CONFIGURED = "what is configured but cannot work ends the search"
TRIMMED = "white space around keys in the environment is not part of them, as in the Rust SDK"
OLD_SECRET = "SECRET_ACCESS_KEY stands in for AWS_SECRET_ACCESS_KEY, as in the Rust SDK"
NO_SHELL = "credential_process runs by sh -c, as in the Rust SDK; botocore uses no shell"
BLANK = "a variable or value that is blank counts as unset"


def case(name, config="", credentials="", env=None, files=None, differs="", ours=None):
    return {"name": name, "config": config, "credentials": credentials, "env": env or {}, "files": files or {}, "differs": differs, "ours": ours}


def key(key_id, secret="S", token=""):
    return {"key": key_id, "secret": secret, "token": token}


def process(key_id="P", extra=""):
    return f"""credential_process = printf '{{"Version":1,"AccessKeyId":"{key_id}","SecretAccessKey":"S"{extra}}}'\n"""


def sso_token(name, token="bearer", expires="2099-01-01T00:00:00Z"):
    digest = hashlib.sha1(name.encode()).hexdigest()
    return {f".aws/sso/cache/{digest}.json": json.dumps({"accessToken": token, "expiresAt": expires})}


SSO = "sso_account_id = 123456789012\nsso_role_name = admin\n"
START = "sso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/r\n"
WEB = ROLE + "web_identity_token_file = {home}/token\n"
TOKEN = {"token": "jwt"}

ENVIRONMENT = [
    case("nothing at all"),
    case("a key pair", env=ENV_KEYS),
    case("a key pair and a token", env={**ENV_KEYS, "AWS_SESSION_TOKEN": "T"}),
    case("the old name of the token", env={**ENV_KEYS, "AWS_SECURITY_TOKEN": "T"}, differs="AWS_SECURITY_TOKEN is long gone", ours=key("EK", "ES")),
    case("half a pair: the id", env={"AWS_ACCESS_KEY_ID": "EK"}),
    case("half a pair: the secret", env={"AWS_SECRET_ACCESS_KEY": "ES"}, differs=CONFIGURED, ours=ERROR),
    case("half a pair: the secret, and a profile", "[default]\n" + KEYS, env={"AWS_SECRET_ACCESS_KEY": "ES"}, differs=CONFIGURED, ours=ERROR),
    case("a token alone", env={"AWS_SESSION_TOKEN": "T"}),
    case("white space around the keys", env={"AWS_ACCESS_KEY_ID": "EK\n", "AWS_SECRET_ACCESS_KEY": " ES\n", "AWS_SESSION_TOKEN": "T\r\n"}, differs=TRIMMED, ours=key("EK", "ES", "T")),
    case("the old name of the secret", env={"AWS_ACCESS_KEY_ID": "EK", "SECRET_ACCESS_KEY": "ES"}, differs=OLD_SECRET, ours=key("EK", "ES")),
    case("the old name of the secret beside a blank new one", env={"AWS_ACCESS_KEY_ID": "EK", "AWS_SECRET_ACCESS_KEY": " ", "SECRET_ACCESS_KEY": "ES"}, differs=OLD_SECRET, ours=key("EK", "ES")),
    case("the old name of the secret beside the new one", env={**ENV_KEYS, "SECRET_ACCESS_KEY": "old"}),
    case("the old name of the secret alone", env={"SECRET_ACCESS_KEY": "ES"}),
    case("empty keys", env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}),
    case("an empty secret", env={"AWS_ACCESS_KEY_ID": "EK", "AWS_SECRET_ACCESS_KEY": ""}),
    case("blank keys", env={"AWS_ACCESS_KEY_ID": " ", "AWS_SECRET_ACCESS_KEY": " "}, differs=BLANK, ours=NONE),
    case("an empty token", env={**ENV_KEYS, "AWS_SESSION_TOKEN": ""}),
    case("before the profile", "[default]\n" + KEYS, env=ENV_KEYS),
    case("before a profile that is named", "[profile p]\n" + KEYS, env={**ENV_KEYS, "AWS_PROFILE": "p"}),
]

FILES = [
    case("default in config", "[default]\n" + KEYS),
    case("default in credentials", "", "[default]\n" + KEYS),
    case("profile default in config", "[profile default]\n" + KEYS),
    case("a token too", "", "[default]\n" + KEYS + "aws_session_token = T\n"),
    case("credentials win over config", "[default]\naws_access_key_id = C\naws_secret_access_key = CS\n", "[default]\n" + KEYS),
    case("a pair of both files", "[default]\naws_secret_access_key = CS\n", "[default]\naws_access_key_id = K\n", differs="the files are merged key by key before anything else", ours=key("K", "CS")),
    case("keys in credentials, region in config", "[default]\nregion = eu-west-1\n", "[default]\n" + KEYS),
    case("a named profile in config", "[profile p]\n" + KEYS, env={"AWS_PROFILE": "p"}),
    case("a named profile in credentials", "", "[p]\n" + KEYS, env={"AWS_PROFILE": "p"}),
    case("a named profile that is not there", "[default]\n" + KEYS, env={"AWS_PROFILE": "p"}),
    case("a named profile without files", env={"AWS_PROFILE": "p"}),
    case("a named profile without prefix in config", "[p]\n" + KEYS, env={"AWS_PROFILE": "p"}),
    case("a named profile with prefix in credentials", "", "[profile p]\n" + KEYS, env={"AWS_PROFILE": "p"}),
    case("an empty name of a profile", "[default]\n" + KEYS, env={"AWS_PROFILE": ""}, differs=BLANK, ours=key("K")),
    case("the CLI's name of the profile", "[default]\n" + KEYS + "[profile p]\naws_access_key_id = P\naws_secret_access_key = PS\n", env={"AWS_DEFAULT_PROFILE": "p"}, differs="AWS_DEFAULT_PROFILE is the AWS CLI's and botocore's alone", ours=key("K")),
    case("the default profile by name", "[default]\n" + KEYS, env={"AWS_PROFILE": "default"}),
    case("only other profiles", "[profile p]\n" + KEYS),
    case("a profile without keys", "[default]\nregion = eu-west-1\n"),
    case("a named profile without keys", "[profile p]\nregion = eu-west-1\n", env={"AWS_PROFILE": "p"}),
    case("half a pair in config", "[default]\naws_access_key_id = K\n"),
    case("half a pair in credentials", "", "[default]\naws_access_key_id = K\n"),
    case("a secret alone", "", "[default]\naws_secret_access_key = S\n", differs=CONFIGURED, ours=ERROR),
    case("a token alone in a file", "", "[default]\naws_session_token = T\n", differs=CONFIGURED, ours=ERROR),
    case("empty keys in a file", "", "[default]\naws_access_key_id =\naws_secret_access_key =\n", differs=BLANK, ours=NONE),
    case("files elsewhere", env={"AWS_CONFIG_FILE": "{home}/c", "AWS_SHARED_CREDENTIALS_FILE": "{home}/s"}, files={"c": "[default]\nregion = eu-west-1\n", "s": "[default]\n" + KEYS}),
    case("a file elsewhere with a tilde", env={"AWS_CONFIG_FILE": "~/c"}, files={"c": "[default]\n" + KEYS}),
    case("a file elsewhere that is not there", "[default]\n" + KEYS, env={"AWS_CONFIG_FILE": "{home}/nowhere"}),
    case("an empty name of a file", "[default]\n" + KEYS, env={"AWS_CONFIG_FILE": ""}, differs=BLANK, ours=key("K")),
]

READING = [
    case("comments on lines of their own", "# a\n; b\n[default]\n#c\n" + KEYS + ";d\n"),
    case("comments behind values", "[default]\naws_access_key_id = K # x\naws_secret_access_key = S ; y\n", differs=RUST_READER, ours=key("K")),
    case("number signs within values", "[default]\naws_access_key_id = K#x\naws_secret_access_key = S;y\n"),
    case("no spaces", "[default]\naws_access_key_id=K\naws_secret_access_key=S\n"),
    case("many spaces and tabs", "[default]\naws_access_key_id \t=\t K  \naws_secret_access_key   =   S\t\n"),
    case("equals signs within values", "[default]\naws_access_key_id = K\naws_secret_access_key = S=/+=\n"),
    case("a colon instead of an equals sign", "[default]\naws_access_key_id: K\naws_secret_access_key: S\n", differs=RUST_READER, ours=ERROR),
    case("a percent sign in a value", "[default]\naws_access_key_id = K\naws_secret_access_key = %S%(x)s\n"),
    case("quotes are part of a value", "[default]\naws_access_key_id = \"K\"\naws_secret_access_key = 'S'\n"),
    case("keys in capitals", "[default]\nAWS_ACCESS_KEY_ID = K\nAws_Secret_Access_Key = S\n"),
    case("line ends of Windows", "[default]\r\naws_access_key_id = K\r\naws_secret_access_key = S\r\n"),
    case("blank lines", "\n\n[default]\n\naws_access_key_id = K\n\n\naws_secret_access_key = S\n\n"),
    case("no last line end", "[default]\n" + KEYS.rstrip()),
    case("a byte order mark", "\ufeff[default]\n" + KEYS, differs=RUST_READER, ours=key("K")),
    case("a long line", "[default]\n" + KEYS + "aws_session_token = " + "x" * 100_000 + "\n"),
    case("a nested section beside the keys", "[default]\ns3 =\n  aws_access_key_id = no\n  max_concurrent_requests = 3\n" + KEYS),
    case("a nested section at the end", "[default]\n" + KEYS + "s3 =\n  aws_access_key_id = no\n"),
    case("a comment in a nested section", "[default]\ns3 =\n  # x\n  max = 3\n" + KEYS),
    case("a continued value", "[default]\n" + KEYS + "aws_session_token = a\n  b\n"),
    case("keys that are all indented", "[default]\n  aws_access_key_id = K\n  aws_secret_access_key = S\n", differs=RUST_READER, ours=ERROR),
    case("spaces in a profile's header", "[profile   p]\n" + KEYS, env={"AWS_PROFILE": "p"}),
    case("spaces around a profile's header", "[ profile p ]\n" + KEYS, env={"AWS_PROFILE": "p"}, differs=RUST_READER, ours=key("K")),
    case("a tab in a profile's header", "[profile\tp]\n" + KEYS, env={"AWS_PROFILE": "p"}),
    case("quotes around a profile's name", '[profile "p"]\n' + KEYS, env={"AWS_PROFILE": "p"}, differs=RUST_READER, ours=ERROR),
    case("punctuation in a profile's name", "[profile a.b-c_d@e/f+g:h%i]\n" + KEYS, env={"AWS_PROFILE": "a.b-c_d@e/f+g:h%i"}),
    case("other letters in a profile's name", "[profile é]\n" + KEYS, env={"AWS_PROFILE": "é"}, differs=RUST_READER, ours=ERROR),
    case("capitals in a profile's name", "[profile P]\n" + KEYS, env={"AWS_PROFILE": "p"}),
    case("a profile given twice", "[profile p]\naws_access_key_id = K\n[profile p]\naws_secret_access_key = S\n", env={"AWS_PROFILE": "p"}, differs=RUST_READER, ours=key("K")),
    case("a key given twice", "[default]\naws_access_key_id = A\n" + KEYS, differs=RUST_READER, ours=key("K")),
    case("both forms of default, profile first", "[profile default]\n" + KEYS + "[default]\naws_access_key_id = D\naws_secret_access_key = DS\n", differs=RUST_READER, ours=key("K")),
    case("both forms of default, profile last", "[default]\naws_access_key_id = D\naws_secret_access_key = DS\n[profile default]\n" + KEYS),
    case("other sections", "[plugins]\ncli = x\n[preview]\ny = true\n[default]\n" + KEYS),
    case("a key before any section", KEYS + "[default]\n" + KEYS),
    case("a line without an equals sign", "[default]\nnonsense\n" + KEYS),
    case("a header without its end", "[default\n" + KEYS),
    case("a key without a name", "[default]\n= x\n" + KEYS),
    case("a key with a space in it", "[default]\nsome key = x\n" + KEYS),
    case("text behind a header", "[default] # comment\n" + KEYS),
]

ROLES = [
    case("a role from a profile", "[default]\n" + ROLE + "source_profile = b\n[profile b]\n" + KEYS),
    case("a role with everything", "[default]\n" + ROLE + "source_profile = b\nexternal_id = e x\nrole_session_name = n\nduration_seconds = 900\n[profile b]\n" + KEYS),
    case("a duration that is no number", "[default]\n" + ROLE + "source_profile = b\nduration_seconds = 1h\n[profile b]\n" + KEYS),
    case("a role on a role", "[default]\n" + ROLE + "source_profile = b\n[profile b]\nrole_arn = arn:aws:iam::1:role/b\nsource_profile = c\n[profile c]\n" + KEYS),
    case("a role from its own keys", "[default]\n" + ROLE + "source_profile = default\n" + KEYS),
    case("a role from its own process", "[default]\n" + ROLE + "source_profile = default\n" + process(), differs="a profile may draw on itself", ours={"key": "role arn:aws:iam::123456789012:role/r by P", "secret": "default||", "token": "played"}),
    case("a role from nothing of its own", "[default]\n" + ROLE + "source_profile = default\n"),
    case("a role comes before its own keys", "[default]\n" + ROLE + "source_profile = b\n" + KEYS + "[profile b]\naws_access_key_id = B\naws_secret_access_key = BS\n"),
    case("further keys come before a role", "[default]\n" + ROLE + "source_profile = b\n[profile b]\nrole_arn = x\nsource_profile = c\n" + KEYS + "[profile c]\naws_access_key_id = C\naws_secret_access_key = CS\n"),
    case("roles in a circle", "[default]\n" + ROLE + "source_profile = b\n[profile b]\n" + ROLE + "source_profile = default\n"),
    case("a circle further on", "[default]\n" + ROLE + "source_profile = b\n[profile b]\n" + ROLE + "source_profile = c\n[profile c]\n" + ROLE + "source_profile = b\n"),
    case("a source that is not there", "[default]\n" + ROLE + "source_profile = b\n"),
    case("a source without keys", "[default]\n" + ROLE + "source_profile = b\n[profile b]\nregion = eu-west-1\n"),
    case("a source with half a pair", "[default]\n" + ROLE + "source_profile = b\n[profile b]\naws_access_key_id = K\n"),
    case("a source of the credentials file", "[default]\n" + ROLE + "source_profile = b\n", "[b]\n" + KEYS),
    case("a source that runs a process", "[default]\n" + ROLE + "source_profile = b\n[profile b]\n" + process()),
    case("a source with a web identity", "[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = b\n[profile b]\n" + WEB, files=TOKEN),
    case("a source of IAM Identity Center", "[default]\n" + ROLE + "source_profile = b\n[profile b]\n" + SSO + START, files=sso_token("https://x.awsapps.com/start")),
    case("a role from the environment", "[default]\n" + ROLE + "credential_source = Environment\n", env=ENV_KEYS),
    case("a role from an environment without keys", "[default]\n" + ROLE + "credential_source = Environment\n"),
    case("a role from the container", "[default]\n" + ROLE + "credential_source = EcsContainer\n", env={"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}),
    case("a role from a container that is none", "[default]\n" + ROLE + "credential_source = EcsContainer\n"),
    case("a role from a source nobody knows", "[default]\n" + ROLE + "credential_source = Moon\n"),
    case("the source's name in other capitals", "[default]\n" + ROLE + "credential_source = ecscontainer\n", env={"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}),
    case("both kinds of source", "[default]\n" + ROLE + "source_profile = b\ncredential_source = Environment\n[profile b]\n" + KEYS),
    case("no source", "[default]\n" + ROLE),
    case("no source, but keys", "[default]\n" + ROLE + KEYS),
    case("a source without a role", "[default]\nsource_profile = b\n[profile b]\n" + KEYS),
    case("a source without a role, and keys", "[default]\nsource_profile = b\n" + KEYS + "[profile b]\naws_access_key_id = B\naws_secret_access_key = BS\n"),
    case("a credential source without a role", "[default]\ncredential_source = EcsContainer\n" + KEYS, env={"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}, differs=RUST_ORDER, ours=key("http http://169.254.170.2/x", "proof ", "played")),
    case("a role of a named profile", "[profile p]\n" + ROLE + "source_profile = default\n[default]\n" + KEYS, env={"AWS_PROFILE": "p"}),
    case("a role in the credentials file", "", "[default]\n" + ROLE + "source_profile = b\n[b]\n" + KEYS),
    case("mfa_serial without a role", "[default]\nmfa_serial = m\n" + KEYS),
    case("login_session", "[default]\nlogin_session = arn:aws:iam::1:user/x\n" + KEYS),
]

WEB_IDENTITY = [
    case("of the environment", env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token", "AWS_ROLE_ARN": "arn:r"}, files=TOKEN),
    case("with a session name", env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token", "AWS_ROLE_ARN": "arn:r", "AWS_ROLE_SESSION_NAME": "n"}, files=TOKEN),
    case("without a role", env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token"}, files=TOKEN),
    case("without a role, with a session name", env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token", "AWS_ROLE_SESSION_NAME": "n"}, files=TOKEN),
    case("without a token file", env={"AWS_ROLE_ARN": "arn:r"}),
    case("with a token file that is not there", env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/nowhere", "AWS_ROLE_ARN": "arn:r"}),
    case("of the profile", "[default]\n" + WEB, files=TOKEN),
    case("of the profile, with a session name", "[default]\n" + WEB + "role_session_name = n\n", files=TOKEN),
    case("of the profile, without a role", "[default]\nweb_identity_token_file = {home}/token\n", files=TOKEN),
    case("of the profile, with a source for its role", "[default]\n" + WEB + "source_profile = b\n[profile b]\n" + KEYS, files=TOKEN),
    case("of the profile, before keys", "[default]\n" + WEB + KEYS, files=TOKEN),
    case("of the profile, before a process", "[default]\n" + WEB + process(), files=TOKEN),
    case("of the profile, with a credential source", "[default]\n" + WEB + "credential_source = EcsContainer\n", env={"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}, files=TOKEN, differs=RUST_ORDER, ours=key("http http://169.254.170.2/x", "proof ", "played")),
    case("of the environment, behind keys of the profile", "[default]\n" + KEYS, env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token", "AWS_ROLE_ARN": "arn:r"}, files=TOKEN, differs=ENV_ORDER, ours=key("K")),
    case("of both", "[default]\n" + WEB, env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/other", "AWS_ROLE_ARN": "arn:e"}, files={**TOKEN, "other": "other"}, differs=ENV_ORDER, ours={"key": "role arn:aws:iam::123456789012:role/r by jwt", "secret": "default||", "token": "played"}),
    case("half of each", "[default]\nrole_arn = arn:r\n", env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token"}, files=TOKEN),
    case("a token with a line end", env={"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token", "AWS_ROLE_ARN": "arn:r"}, files={"token": "jwt\n"}, differs="white space around a token is no part of it", ours={"key": "role arn:r by jwt", "secret": "default||", "token": "played"}),
]

IDENTITY_CENTER = [
    case("the older form", "[default]\n" + SSO + START, files=sso_token("https://x.awsapps.com/start")),
    case("a session", "[default]\nsso_session = s\n" + SSO + "[sso-session s]\n" + START, files=sso_token("s")),
    case("a session whose keys are repeated", "[default]\nsso_session = s\n" + SSO + START + "[sso-session s]\n" + START, files=sso_token("s")),
    case("a session whose keys differ", "[default]\nsso_session = s\nsso_region = us-east-1\n" + SSO + "[sso-session s]\n" + START, files=sso_token("s")),
    case("a session that is not there", "[default]\nsso_session = s\n" + SSO, files=sso_token("s")),
    case("a session in the credentials file", "[default]\nsso_session = s\n" + SSO, "[sso-session s]\n" + START, files=sso_token("s")),
    case("without a sign-in", "[default]\n" + SSO + START),
    case("with a sign-in that has expired", "[default]\n" + SSO + START, files=sso_token("https://x.awsapps.com/start", expires="2020-01-01T00:00:00Z")),
    case("with a sign-in in the older notation of time", "[default]\n" + SSO + START, files=sso_token("https://x.awsapps.com/start", expires="2099-01-01T00:00:00UTC")),
    case("without a region", "[default]\n" + SSO + "sso_start_url = https://x.awsapps.com/start\n"),
    case("without a role name", "[default]\nsso_account_id = 1\n" + START),
    case("without account and role", "[default]\n" + START, differs=CONFIGURED, ours=ERROR),
    case("without account and role, with keys", "[default]\n" + START + KEYS, differs=CONFIGURED, ours=ERROR),
    case("before a process", "[default]\n" + SSO + START + process(), files=sso_token("https://x.awsapps.com/start")),
    case("before keys", "[default]\n" + SSO + START + KEYS, files=sso_token("https://x.awsapps.com/start")),
]

PRINTED = '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"S"}'
PROCESSES = [
    case("a process", "[default]\n" + process()),
    case("a process with a token", "[default]\n" + process(extra=',"SessionToken":"T"')),
    case("a process with an expiration", "[default]\n" + process(extra=',"SessionToken":"T","Expiration":"2099-01-01T00:00:00Z"')),
    case("a process with an offset", "[default]\n" + process(extra=',"Expiration":"2099-01-01T00:00:00.5+02:00"')),
    case("quotes of both kinds", '[default]\ncredential_process = sh -c "printf \'{\\"Version\\":1,\\"AccessKeyId\\":\\"P\\",\\"SecretAccessKey\\":\\"a b\\"}\'"\n'),
    case("nothing is expanded", "[default]\n" + process("$HOME")),
    case("version 2", "[default]\ncredential_process = echo '{\"Version\":2,\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"S\"}'\n"),
    case("version 1 as a text", "[default]\ncredential_process = echo '{\"Version\":\"1\",\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"S\"}'\n"),
    case("no version", "[default]\ncredential_process = echo '{\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"S\"}'\n"),
    case("no secret", "[default]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"P\"}'\n"),
    case("no JSON", "[default]\ncredential_process = echo hello\n"),
    case("a failure", "[default]\ncredential_process = false\n"),
    case("no such program", "[default]\ncredential_process = /no/such/program\n"),
    case("an open quote", "[default]\ncredential_process = echo 'x\n"),
    case("a pipe", "[default]\n" + process().rstrip() + " | sed s,P,Q,\n", differs=NO_SHELL, ours=key("Q")),
    case("a home folder", "[default]\ncredential_process = cat ~/keys\n", files={"keys": PRINTED}, differs=NO_SHELL, ours=key("P")),
    case("a variable", "[default]\ncredential_process = cat $HOME/keys\n", files={"keys": PRINTED}, differs=NO_SHELL, ours=key("P")),
    case("a variable that is set", "[default]\ncredential_process = FOO=keys sh -c 'cat \"$HOME/$FOO\"'\n", files={"keys": PRINTED}, differs=NO_SHELL, ours=key("P")),
    case("before keys of the same file", "[default]\n" + KEYS + process()),
    case("before keys of the credentials file", "[default]\n" + process(), "[default]\n" + KEYS, differs=RUST_ORDER, ours=key("P")),
    case("a profile of the credentials file", "", "[default]\n" + process()),
]

RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
AUTHORIZATION = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
CONTAINER = [
    case("relative", env={RELATIVE: "/v2/x"}),
    case("full", env={FULL: "http://localhost:8080/x"}),
    case("both", env={RELATIVE: "/v2/x", FULL: "http://localhost:8080/x"}),
    case("https", env={FULL: "https://example.com/x"}),
    case("elsewhere", env={FULL: "http://example.com/x"}),
    case("the agent of EKS", env={FULL: "http://169.254.170.23/v1/credentials"}),
    case("the agent of EKS over IPv6", env={FULL: "http://[fd00:ec2::23]/v1/credentials"}),
    case("loopback", env={FULL: "http://127.0.0.1/x"}),
    case("an address beside it", env={FULL: "http://169.254.170.24/x"}),
    case("a host that looks like one", env={FULL: "http://169.254.170.2@example.com/x"}),
    case("no URL", env={FULL: "nonsense"}),
    case("a token", env={FULL: "http://localhost/x", AUTHORIZATION: "Basic t"}),
    case("a token for a relative URI", env={RELATIVE: "/x", AUTHORIZATION: "Basic t"}),
    case("a token file", env={FULL: "http://localhost/x", AUTHORIZATION + "_FILE": "{home}/token", AUTHORIZATION: "no"}, files=TOKEN),
    case("a token file that is not there", env={FULL: "http://localhost/x", AUTHORIZATION + "_FILE": "{home}/nowhere"}),
    case("a token with a line end", env={FULL: "http://localhost/x", AUTHORIZATION + "_FILE": "{home}/token"}, files={"token": "a\r\nb: c"}),
    case("behind the profile", "[default]\n" + KEYS, env={RELATIVE: "/x"}),
    case("behind a profile without keys", "[default]\nregion = eu-west-1\n", env={RELATIVE: "/x"}),
    case("behind the web identity", env={RELATIVE: "/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token", "AWS_ROLE_ARN": "arn:r"}, files=TOKEN),
]

SERVICES = "services = s\n[services s]\nsecrets_manager =\n  endpoint_url = http://sm\nsts =\n  endpoint_url = http://sts\n"
SETTINGS = [
    case("region of the profile", "[default]\nregion = eu-west-1\n"),
    case("region of the credentials file", "[default]\nregion = eu-west-1\n", "[default]\nregion = eu-west-2\n"),
    case("region of a named profile", "[default]\nregion = a\n[profile p]\nregion = eu-west-1\n", env={"AWS_PROFILE": "p"}),
    case("AWS_DEFAULT_REGION before the profile", "[default]\nregion = a\n", env={"AWS_DEFAULT_REGION": "eu-west-1"}),
    case("region with a comment", "[default]\nregion = eu-west-1 # here\n", differs=RUST_READER, ours=NONE),
    case("one endpoint for all", env={"AWS_ENDPOINT_URL": "http://all"}),
    case("an endpoint for one", env={"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_STS": "http://sts"}),
    case("an endpoint for the other", env={"AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://sm"}),
    case("endpoint_url of the profile", "[default]\nendpoint_url = http://all\n"),
    case("services of the profile", "[default]\nendpoint_url = http://all\n" + SERVICES),
    case("services behind the variable for all", "[default]\n" + SERVICES, env={"AWS_ENDPOINT_URL": "http://all"}),
    case("services behind the variable for one", "[default]\n" + SERVICES, env={"AWS_ENDPOINT_URL_STS": "http://one"}),
    case("services that are not there", "[default]\nservices = t\n" + "[services s]\nsts =\n  endpoint_url = http://sts\n", env={}, differs="a section that is not there is as good as an empty one", ours=NONE),
    case("services of a named profile", "[default]\n[profile p]\n" + SERVICES, env={"AWS_PROFILE": "p"}),
    case("overrides off by the variable", "[default]\n" + SERVICES, env={"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}),
    case("overrides off by the profile", "[default]\nignore_configured_endpoint_urls = true\n" + SERVICES),
    case("overrides not off", "[default]\nignore_configured_endpoint_urls = false\n" + SERVICES),
]

GROUPS = {
    "environment": ENVIRONMENT, "files": FILES, "reading": READING, "roles": ROLES, "web identity": WEB_IDENTITY,
    "identity center": IDENTITY_CENTER, "process": PROCESSES, "container": CONTAINER, "settings": SETTINGS,
}


def generated():
    """Files in which order, spacing, comments, further profiles and further keys vary. A profile's credentials stand
    together, in one file or in both: what is merged of halves has its own cases above."""
    rng = random.Random(7)
    spaces = ["", " ", "  ", "\t", " \t "]
    for number in range(120):
        profiles = {}
        for name in rng.sample(["default", "dev", "ops.x", "a/b", "t-1"], rng.randint(1, 4)):
            keys = [("aws_access_key_id", f"K{number}{name[0]}"), ("aws_secret_access_key", "s+/=" + str(number))]
            keys += rng.choice([[], [("aws_session_token", "t=#x;y")]])
            others = rng.sample([("region", "eu-west-1"), ("output", "json"), ("cli_pager", "")], rng.randint(0, 3))
            profiles[name] = (keys, others, rng.choice([(True, False), (False, True), (True, True), (False, False)]))
        chosen = rng.choice(list(profiles))
        texts = []
        for file in range(2):
            lines = []
            for name, (keys, others, places) in profiles.items():
                lines.append(f"[profile {name}]" if file == 0 and name != "default" else f"[{name}]")
                wanted = (keys if places[file] else []) + [other for other in others if rng.random() < 0.7]
                for key_name, value in rng.sample(wanted, len(wanted)):
                    lines.append(f"{key_name}{rng.choice(spaces)}={rng.choice(spaces)}{value}{rng.choice(spaces)}")
                    if rng.random() < 0.2:
                        lines.append(rng.choice(["", "# note", "; note", "#", "  "]))
                if rng.random() < 0.3:
                    lines += ["s3 =", "  region = inner", "  addressing_style = path"]
            texts.append(rng.choice(["\n", "\r\n"]).join([*lines, ""]))
        env = {} if chosen == "default" else {"AWS_PROFILE": chosen}
        if rng.random() < 0.2:
            env |= rng.choice([ENV_KEYS, {**ENV_KEYS, "AWS_SESSION_TOKEN": "T"}, {"AWS_DEFAULT_REGION": "us-west-2"}])
        yield case(f"generated {number}", *texts, env=env)


def generated_settings():
    """Regions, flags and overrides, of the environment and of profiles with nested `services` sections."""
    rng = random.Random(11)
    regions = ["eu-west-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1", "us-isob-east-1", "eusc-de-east-1", "moon-1"]
    spaces = ["", " ", "\t "]
    for number in range(150):
        env = rng.choice([{}, {"AWS_DEFAULT_REGION": rng.choice(regions)}])
        for variable in ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
            if rng.random() < 0.2:
                env[variable] = rng.choice(["true", "false", "TRUE", "False"])
        for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SECRETS_MANAGER"):
            if rng.random() < 0.1:
                env[variable] = rng.choice(["http://here:8080", "https://h.example/path", "http://127.0.0.1:1"])
        keys = [("region", rng.choice(regions)), ("services", rng.choice(["one", "two", "missing"]))]
        keys += [("use_fips_endpoint", rng.choice(["true", "false"])), ("use_dualstack_endpoint", rng.choice(["true", "True"]))]
        keys += [("endpoint_url", "http://profile"), ("ignore_configured_endpoint_urls", rng.choice(["true", "false"]))]
        keys = [*rng.sample(keys, rng.randint(0, 3)), ("aws_access_key_id", "K"), ("aws_secret_access_key", "S")]
        lines = ["[default]"] + [f"{name}{rng.choice(spaces)}={rng.choice(spaces)}{value}" for name, value in rng.sample(keys, len(keys))]
        for name in ("one", "two"):
            lines += ["", f"[services {name}]"]
            for service in rng.sample(["sts", "secrets_manager", "s3"], rng.randint(1, 3)):
                lines += [f"{service}{rng.choice(spaces)}=", *rng.choice([[], ["  # note"], ["  other = x"]])]
                lines += [f"{rng.choice([' ', '    '])}endpoint_url{rng.choice(spaces)}={rng.choice(spaces)}http://{service.replace('_', '-')}-{name}"]
        if any(name == "services" and value == "missing" for name, value in keys):
            continue  # botocore raises; there is a case for it
        yield case(f"settings {number}", "\n".join(lines) + "\n", env=env)


def generated_chains():
    """Profiles that lead to each other: through roles, in circles, to what is not there, to half a key pair."""
    rng = random.Random(13)
    names = ["default", "a", "b", "c"]
    for number in range(400):
        lines = []
        for name in names:
            if name != "default" and rng.random() < 0.1:
                continue
            lines.append(f"[profile {name}]")
            wanted = [[f"aws_access_key_id = K{name}", f"aws_secret_access_key = S{name}"]]
            wanted += [[f"role_arn = arn:aws:iam::1:role/{name}", f"source_profile = {rng.choice([*names, 'missing'])}"]] * 3
            wanted += [[f"aws_access_key_id = K{name}"], [f"role_arn = arn:aws:iam::1:role/{name}", "credential_source = Environment"]]
            wanted += [["region = eu-west-1"], [process("P" + name).strip()]]
            lines += rng.choice(wanted) + rng.choice([[], [], ["external_id = e"], ["duration_seconds = 900"], ["role_session_name = n"]])
        yield case(f"chain {number}", "\n".join(lines) + "\n", env=rng.choice([{}, {}, {"AWS_PROFILE": "a"}]))


class PlayedClient:
    def __init__(self, keys=None):
        self.keys = keys or {}

    @staticmethod
    def give(by, role):
        name = role.get("RoleSessionName", "default")
        name = "default" if name.startswith("botocore-session-") else name
        secret = f"{name}|{role.get('ExternalId', '')}|{role.get('DurationSeconds', '')}"
        return {"Credentials": {"AccessKeyId": f"role {role['RoleArn']} by {by}", "SecretAccessKey": secret, "SessionToken": "played", "Expiration": "2099-01-01T00:00:00Z"}}

    def assume_role(self, **role):
        return self.give(self.keys["aws_access_key_id"], role)

    def assume_role_with_web_identity(self, **role):
        return self.give(role["WebIdentityToken"], role)

    def get_role_credentials(self, **role):
        if role["accessToken"] != "bearer":
            raise ValueError("unexpected token")
        url = f"https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?account_id={role['accountId']}&role_name={role['roleName']}"
        return {"roleCredentials": {"accessKeyId": "http " + url, "secretAccessKey": "proof " + role["accessToken"], "sessionToken": "played", "expiration": 4102444800000}}


def play(monkeypatch, home):
    def create_client(self, service, *args, **options):
        return PlayedClient(options)

    def get_response(self, url, headers, timeout):
        return {"AccessKeyId": "http " + url, "SecretAccessKey": "proof " + headers.get("Authorization", ""), "Token": "played", "Expiration": "2099-01-01T00:00:00Z"}

    monkeypatch.setattr(botocore.session.Session, "create_client", create_client)
    monkeypatch.setattr(botocore.utils.ContainerMetadataFetcher, "_get_response", get_response)
    monkeypatch.setattr(botocore.credentials.SSOProvider, "_SSO_TOKEN_CACHE_DIR", os.path.join(home, ".aws/sso/cache"))
    monkeypatch.setattr(botocore.tokens.SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", os.path.join(home, ".aws/sso/cache"))


@functools.cache
def rule_set(service):
    loader = botocore.session.Session().get_component("data_loader")
    return EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), loader.load_data("partitions"))


def by_rule_set(session, service, region):
    flags = {name: bool(session.get_config_variable(variable)) for name, variable in FLAGS.items()}
    try:
        return rule_set(service).resolve_endpoint(Region=region, **flags).url
    except EndpointProviderError:
        return ERROR


def by_botocore(environment, monkeypatch):
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    session = botocore.session.Session()
    answer = {}
    try:
        credentials = session.get_credentials()
        if credentials is None:
            answer["credentials"] = NONE
        else:
            frozen = credentials.get_frozen_credentials()
            answer["credentials"] = {"key": frozen.access_key, "secret": frozen.secret_key, "token": frozen.token or ""}
    except Exception:  # whatever botocore raises, the search has ended
        answer["credentials"] = ERROR
    try:
        answer["region"] = session.get_config_variable("region") or ""
        ignored = session.get_config_variable("ignore_configured_endpoint_urls")
        for service in ("secretsmanager", "sts"):
            provider = botocore.configprovider.ConfiguredEndpointProvider(session.full_config, session.get_scoped_config(), service, environment)
            answer[service] = ("" if ignored else provider.provide()) or ""
            if answer["region"]:
                answer[f"{service} asked"] = answer[service].rstrip("/") or by_rule_set(session, service, answer["region"])
    except Exception:
        pass
    return answer


def by_agent(environments):
    stream = "".join(json.dumps(environment) + "\n" for environment in environments).encode()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run([DRIVER], input=stream, capture_output=True, check=True, timeout=120, env=environment)
    for line in done.stdout.decode().splitlines():
        said = json.loads(line)
        credentials = ERROR if "error" in said else NONE if "none" in said else {name: said[name] for name in ("key", "secret", "token")}
        yield {"credentials": credentials, **{name: said[name] for name in ANSWERED if name in said}}


def lay_out(home, given):
    files = {".aws/config": given["config"], ".aws/credentials": given["credentials"], **given["files"]}
    for name, text in files.items():
        if not text:
            continue
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.replace("{home}", str(home)).encode())
    environment = {name: value.replace("{home}", str(home)) for name, value in given["env"].items()}
    return {"HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", **environment}


def run(cases, tmp_path, monkeypatch):
    homes = [tmp_path / str(number) for number in range(len(cases))]
    for home in homes:
        home.mkdir()
    environments = [lay_out(home, given) for home, given in zip(homes, cases)]
    ours = list(by_agent(environments))
    assert len(ours) == len(cases)
    for given, home, environment, mine in zip(cases, homes, environments, ours):
        with monkeypatch.context() as patch:
            play(patch, str(home))
            theirs = by_botocore(environment, patch)
        yield given, mine, theirs


@pytest.mark.parametrize("group", GROUPS)
def test_where_credentials_come_from(group, tmp_path, monkeypatch):
    for given, mine, theirs in run(GROUPS[group], tmp_path, monkeypatch):
        where = f"{group}: {given['name']}"
        if given["differs"]:
            assert mine != theirs, f"{where}: does not differ any more ({given['differs']})"
            assert mine["credentials"] == given["ours"], where
            continue
        assert mine["credentials"] == theirs["credentials"], where
        if mine["credentials"] != ERROR:
            assert mine == theirs, where


@pytest.mark.parametrize("make", [generated, generated_settings, generated_chains])
def test_generated_files(make, tmp_path, monkeypatch):
    for given, mine, theirs in run(list(make()), tmp_path, monkeypatch):
        where = "\n".join([given["name"], str(given["env"]), given["config"], given["credentials"]])
        assert mine["credentials"] == theirs["credentials"], where
        if mine["credentials"] != ERROR:
            assert mine == theirs, where


def test_the_table_is_large_enough():
    assert sum(map(len, itertools.chain(GROUPS.values()))) >= 100


def test_generated_chains_lead_somewhere_and_nowhere(tmp_path):
    cases = list(generated_chains())
    homes = [tmp_path / str(number) for number in range(len(cases))]
    for home in homes:
        home.mkdir()
    said = [answer["credentials"] for answer in by_agent([lay_out(home, given) for home, given in zip(homes, cases)])]
    roles = sum(answer not in (ERROR, NONE) and answer["key"].startswith("role ") for answer in said)
    assert roles >= 25 and said.count(ERROR) >= 30 and said.count(NONE) >= 3, (roles, said.count(ERROR), said.count(NONE))


def test_aws_region_comes_first_which_botocore_does_not_read(tmp_path):
    environment = lay_out(tmp_path, case("", "[default]\nregion = a\n", env={"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "b"}))
    assert next(by_agent([environment]))["region"] == "eu-west-3"


def test_multi_factor_roles_are_refused_by_name(tmp_path):
    environment = lay_out(tmp_path, case("", "[default]\n" + ROLE + "source_profile = b\nmfa_serial = m\n[profile b]\n" + KEYS))
    done = subprocess.run([DRIVER], input=json.dumps(environment).encode(), capture_output=True, check=True, timeout=60)
    assert "mfa_serial" in json.loads(done.stdout)["error"]
