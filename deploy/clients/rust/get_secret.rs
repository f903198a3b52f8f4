// Secrets from the agent, with Rust's standard library alone: rustc get_secret.rs && ./get_secret SECRET_ID prints the
// agent's answer, JSON. In an application, copy get_secret() and what it calls, and read the answer by serde_json:
// SecretString is text, SecretBinary is base64.
use std::io::{self, Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use std::{env, fs, process, thread};

const TOKEN_VARIABLES: [&str; 3] = ["AWS_TOKEN", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"];

fn variable(name: &str) -> Option<String> {
    let value = env::var(name).ok()?.trim().to_string();
    Some(value).filter(|value| !value.is_empty())
}

// A path without file:// would be sent as the token.
fn check_no_path(value: &str) -> io::Result<()> {
    let path = value.starts_with('/') && fs::metadata(value).is_ok();
    if path || value.starts_with("file:") || value.starts_with("~/") {
        return Err(invalid("the token's variable holds a path: write file:///PATH"));
    }
    Ok(())
}

// Read for each try: a restarted agent may have a new one. An error if there is none yet.
fn token() -> io::Result<String> {
    let found = TOKEN_VARIABLES.iter().find_map(|name| variable(name));
    let value = found.unwrap_or_else(|| "file:///var/run/awssmatoken".to_string());
    let path = match value.strip_prefix("file://") {
        Some(path) => path,
        None => return check_no_path(&value).map(|()| value),
    };
    let text = fs::read_to_string(path).map_err(|error| Error::new(error.kind(), format!("{path}: {error}")))?;
    match text.trim() {
        "" => Err(Error::new(ErrorKind::InvalidData, format!("{path} is empty"))),
        token => Ok(token.to_string()),
    }
}

fn percent_encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => (byte as char).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn invalid(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_string())
}

fn exchange<S: Read + Write>(mut agent: S, target: &str, field: &str) -> io::Result<Vec<u8>> {
    let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{field}\r\n");
    agent.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    agent.read_to_end(&mut answer)?;
    Ok(answer)
}

// On a connection of its own: to the agent's Unix socket, which needs no token, if there is one, else straight to the
// loopback address, because a proxy could not reach the agent, and would see the token.
fn send(target: &str) -> io::Result<Vec<u8>> {
    let limit = Duration::from_secs(60);
    if let Some(path) = variable("SMA_UNIX_SOCKET") {
        let agent = UnixStream::connect(path)?;
        agent.set_read_timeout(Some(limit))?;
        return exchange(agent, target, "");
    }
    let port = variable("SMA_HTTP_PORT").unwrap_or_else(|| "2773".to_string());
    let port: u16 = port.parse().map_err(|_| invalid("SMA_HTTP_PORT is no port"))?;
    let field = format!("X-Aws-Parameters-Secrets-Token: {}\r\n", token()?);
    let agent = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), limit)?;
    agent.set_read_timeout(Some(limit))?;
    exchange(agent, target, &field)
}

// One request. Returns status and body.
fn ask(secret_id: &str) -> io::Result<(u16, String)> {
    let answer = send(&format!("/secretsmanager/get?secretId={}", percent_encode(secret_id)))?;
    let answer = String::from_utf8(answer).map_err(|_| invalid("the answer is no text"))?;

    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| invalid("the answer has no end"))?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let length = head.lines().filter_map(|line| line.split_once(':'));
    let length = length.filter(|(name, _)| name.eq_ignore_ascii_case("Content-Length"));
    let length = length.filter_map(|(_, value)| value.trim().parse::<usize>().ok()).next();
    if length != Some(body.len()) {
        return Err(invalid("the answer is not whole"));
    }
    Ok((status.ok_or_else(|| invalid("the answer has no status"))?, body.to_string()))
}

/// The agent's answer. Tries for about ten seconds while the agent is not there yet, is busy, or cannot reach AWS, and
/// three times if it refuses the token. Says on standard error why the first try failed.
pub fn get_secret(secret_id: &str) -> io::Result<String> {
    let first = Duration::from_millis(100);
    let mut pause = first;
    let mut refusals = 0;
    loop {
        let fault = match ask(secret_id) {
            Ok((200, body)) => return Ok(body),
            Ok((status, body)) => {
                let fault = Error::new(ErrorKind::Other, format!("{secret_id}: {status} {body}"));
                refusals += (status == 403) as u32;
                if refusals == 3 || (status != 403 && status != 429 && status < 500) {
                    return Err(fault);
                }
                fault
            }
            Err(fault) => fault,
        };
        if pause > Duration::from_secs(7) {
            return Err(fault);
        }
        if pause == first {
            eprintln!("trying again: {fault}");
        }
        thread::sleep(pause);
        pause *= 2;
    }
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if arguments.len() != 2 {
        eprintln!("usage: get_secret SECRET_ID");
        process::exit(1);
    }
    match get_secret(&arguments[1]) {
        Ok(answer) => println!("{answer}"),
        Err(fault) => {
            eprintln!("get_secret: {fault}");
            process::exit(1);
        }
    }
}
