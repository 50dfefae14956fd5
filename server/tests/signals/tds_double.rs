//! A double of SQL Server: as much of its protocol (TDS 7.4) as signing in and short statements need, without encryption. It shows that
//! the client is used as it must be, not what SQL Server makes of the statements.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

const PRELOGIN: u8 = 0x12;
const LOGIN: u8 = 0x10;
const BATCH: u8 = 0x01;
const CALL: u8 = 0x03;
const END_OF_MESSAGE: u8 = 0x01;
const NO_ENCRYPTION: u8 = 0x02;

/// What it says to one statement.
#[derive(Debug, Clone)]
pub(super) enum Says {
    /// One row with a text, or NULL.
    Text(Option<&'static str>),
    /// One row with a number.
    Number(i32),
    /// A result without a row.
    NoRow,
    /// It is done.
    Done,
    /// An error.
    Error(&'static str),
    /// Nothing, and the connection ends.
    HangUp,
}

pub(super) struct TdsDouble {
    pub(super) address: SocketAddr,
    statements: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TdsDouble {
    /// Lets everybody in.
    pub(super) fn saying(says: impl IntoIterator<Item = Says>) -> Self {
        Self::start(None, says)
    }

    /// Lets nobody in.
    pub(super) fn refusing(message: &'static str) -> Self {
        Self::start(Some(message), [])
    }

    fn start(refusal: Option<&'static str>, says: impl IntoIterator<Item = Says>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (statements, stop) = (
            Arc::<Mutex<Vec<String>>>::default(),
            Arc::new(AtomicBool::new(false)),
        );
        let (noted, ended) = (Arc::clone(&statements), Arc::clone(&stop));
        let mut says: VecDeque<Says> = says.into_iter().collect();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                // Ends when the client goes, which is the end of the connection and no failure.
                let _ = serve(stream.unwrap(), refusal, &mut says, &noted);
            }
        });
        Self {
            address,
            statements,
            stop,
            thread: Some(thread),
        }
    }

    pub(super) fn connection(&self) -> String {
        format!(
            "Server={},{};Database=shop;User Id=sa;Password=hunter2;Encrypt=Disable",
            self.address.ip(),
            self.address.port()
        )
    }

    pub(super) fn statements(&self) -> Vec<String> {
        self.statements.lock().unwrap().clone()
    }
}

impl Drop for TdsDouble {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    mut stream: TcpStream,
    refusal: Option<&str>,
    says: &mut VecDeque<Says>,
    noted: &Mutex<Vec<String>>,
) -> io::Result<()> {
    loop {
        let (kind, message) = read(&mut stream)?;
        let answer = match kind {
            PRELOGIN => prelogin(),
            LOGIN => match refusal {
                Some(message) => [error(18456, message), done(0x02)].concat(),
                None => [login_ack(), done(0)].concat(),
            },
            BATCH | CALL => {
                noted.lock().unwrap().push(text_in(&message));
                match says.pop_front().expect("a statement too many") {
                    Says::HangUp => return Ok(()),
                    other => tokens(&other, kind == CALL),
                }
            }
            other => panic!("a message of type {other:#x}"),
        };
        write(&mut stream, &answer)?;
    }
}

/// A whole message and its type.
fn read(stream: &mut TcpStream) -> io::Result<(u8, Vec<u8>)> {
    let mut message = Vec::new();
    loop {
        let mut head = [0; 8];
        stream.read_exact(&mut head)?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let mut body = vec![0; length - head.len()];
        stream.read_exact(&mut body)?;
        message.append(&mut body);
        if head[1] & END_OF_MESSAGE != 0 {
            return Ok((head[0], message));
        }
    }
}

fn write(stream: &mut TcpStream, body: &[u8]) -> io::Result<()> {
    let length = u16::try_from(body.len() + 8).unwrap().to_be_bytes();
    let head = [0x04, END_OF_MESSAGE, length[0], length[1], 0, 0, 1, 0];
    stream.write_all(&[&head, body].concat())
}

fn prelogin() -> Vec<u8> {
    // Two options with offset and length, the end of the list, version, encryption.
    let version = [0x00, 0, 11, 0, 6];
    let encryption = [0x01, 0, 17, 0, 1];
    [
        &version[..],
        &encryption,
        &[0xff],
        &[16, 0, 0, 0, 0, 0],
        &[NO_ENCRYPTION],
    ]
    .concat()
}

fn login_ack() -> Vec<u8> {
    let name = utf16("Double");
    let body = [&[1][..], &[0x74, 0, 0, 0x04], &[6], &name, &[16, 0, 0, 0]].concat();
    token(0xad, &body)
}

fn error(number: u32, message: &str) -> Vec<u8> {
    let units = u16::try_from(message.encode_utf16().count()).unwrap();
    let body = [
        &number.to_le_bytes()[..],
        // State, and a class that an administrator need not see.
        &[1, 16],
        &units.to_le_bytes(),
        &utf16(message),
        // No name of server or procedure; line 1.
        &[0, 0],
        &1_u32.to_le_bytes(),
    ]
    .concat();
    token(0xaa, &body)
}

/// A token with its length.
fn token(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_le_bytes();
    [&[kind][..], &length, body].concat()
}

fn done(status: u16) -> Vec<u8> {
    ending(0xfd, status)
}

fn ending(kind: u8, status: u16) -> Vec<u8> {
    [&[kind][..], &status.to_le_bytes(), &[0; 2], &[0; 8]].concat()
}

fn tokens(says: &Says, called: bool) -> Vec<u8> {
    let mut answer = match says {
        Says::Text(text) => {
            let value = match text {
                Some(text) => {
                    let units = utf16(text);
                    let length = u16::try_from(units.len()).unwrap().to_le_bytes();
                    [&length[..], &units].concat()
                }
                None => vec![0xff, 0xff],
            };
            [column_of_text(), vec![0xd1], value].concat()
        }
        // INTN with four bytes.
        Says::Number(number) => [
            column(&[0x26, 4]),
            vec![0xd1, 4],
            number.to_le_bytes().to_vec(),
        ]
        .concat(),
        Says::NoRow => column_of_text(),
        Says::Error(message) => error(208, message),
        Says::Done | Says::HangUp => Vec::new(),
    };
    let status = match says {
        Says::Error(_) => 0x02,
        _ => 0,
    };
    if called {
        // The status that a procedure returns, and the end of the procedure.
        answer.extend([0x79, 0, 0, 0, 0]);
        answer.extend(ending(0xfe, status));
    } else {
        answer.extend(done(status));
    }
    answer
}

/// NVARCHAR(4000) with a collation.
fn column_of_text() -> Vec<u8> {
    column(&[0xe7, 0x40, 0x1f, 0x09, 0x04, 0xd0, 0x00, 0x34])
}

/// The description of one nullable column without a name.
fn column(kind: &[u8]) -> Vec<u8> {
    [
        &[0x81][..],
        &1_u16.to_le_bytes(),
        &0_u32.to_le_bytes(),
        &1_u16.to_le_bytes(),
        kind,
        &[0],
    ]
    .concat()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The readable part of a message: statements and parameters are UTF-16.
fn text_in(message: &[u8]) -> String {
    let units: Vec<u16> = message
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    let odd: Vec<u16> = message
        .get(1..)
        .unwrap_or_default()
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    [units, odd]
        .iter()
        .map(|units| String::from_utf16_lossy(units))
        .collect::<Vec<_>>()
        .join("\n")
}
