//! Schannel, the TLS of Windows, as a client that is fed records and makes records. It connects to nothing and decides
//! nothing about trust: its user has the server's certificates judged before it sends or hands on anything.

use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::size_of;
use core::ops::Range;
use core::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{
    SEC_E_INCOMPLETE_MESSAGE, SEC_E_INTERNAL_ERROR, SEC_E_OK, SEC_E_SECPKG_NOT_FOUND,
    SEC_I_CONTEXT_EXPIRED, SEC_I_CONTINUE_NEEDED, SEC_I_RENEGOTIATE,
};
use windows_sys::Win32::Security::Authentication::Identity::{
    ISC_REQ_ALLOCATE_MEMORY, ISC_REQ_CONFIDENTIALITY, ISC_REQ_EXTENDED_ERROR, ISC_REQ_INTEGRITY,
    ISC_REQ_MANUAL_CRED_VALIDATION, ISC_REQ_REPLAY_DETECT, ISC_REQ_SEQUENCE_DETECT, ISC_REQ_STREAM,
    ISC_REQ_USE_SUPPLIED_CREDS, ISC_RET_CONFIDENTIALITY, ISC_RET_REPLAY_DETECT,
    ISC_RET_SEQUENCE_DETECT, SCH_CRED_MANUAL_CRED_VALIDATION, SCH_CRED_NO_DEFAULT_CREDS,
    SCH_CREDENTIALS, SCH_CREDENTIALS_VERSION, SCH_USE_STRONG_CRYPTO, SCHANNEL_CRED,
    SCHANNEL_CRED_VERSION, SCHANNEL_SHUTDOWN, SEC_GET_KEY_FN, SECBUFFER_APPLICATION_PROTOCOLS,
    SECBUFFER_DATA, SECBUFFER_EMPTY, SECBUFFER_EXTRA, SECBUFFER_STREAM_HEADER,
    SECBUFFER_STREAM_TRAILER, SECBUFFER_TOKEN, SECBUFFER_VERSION, SECPKG_ATTR_REMOTE_CERT_CONTEXT,
    SECPKG_ATTR_STREAM_SIZES, SECPKG_CRED_OUTBOUND, SP_PROT_TLS1_2_CLIENT, SP_PROT_TLS1_3_CLIENT,
    SecBuffer, SecBufferDesc, SecPkgContext_StreamSizes, TLS_PARAMETERS, UNISP_NAME_W,
};
use windows_sys::Win32::Security::Credentials::SecHandle;
use windows_sys::Win32::Security::Cryptography::CERT_CONTEXT;
use windows_sys::core::PCWSTR;

use super::{dll, trust};

dll::functions! { c"secur32.dll":
    fn AcquireCredentialsHandleW(
        principal: PCWSTR, package: PCWSTR, usage: u32, logon: *const c_void, wanted: *const c_void,
        get_key: SEC_GET_KEY_FN, argument: *const c_void, credentials: *mut SecHandle, expiry: *mut i64,
    ) -> i32, else SEC_E_SECPKG_NOT_FOUND;
    fn InitializeSecurityContextW(
        credentials: *const SecHandle, context: *const SecHandle, name: PCWSTR, request: u32, reserved: u32,
        representation: u32, input: *const SecBufferDesc, reserved_too: u32, made: *mut SecHandle,
        output: *mut SecBufferDesc, attributes: *mut u32, expiry: *mut i64,
    ) -> i32, else SEC_E_SECPKG_NOT_FOUND;
    fn QueryContextAttributesW(context: *const SecHandle, attribute: u32, into: *mut c_void)
        -> i32, else SEC_E_SECPKG_NOT_FOUND;
    fn DecryptMessage(context: *const SecHandle, message: *const SecBufferDesc, number: u32, quality: *mut u32)
        -> i32, else SEC_E_SECPKG_NOT_FOUND;
    fn EncryptMessage(context: *const SecHandle, quality: u32, message: *const SecBufferDesc, number: u32)
        -> i32, else SEC_E_SECPKG_NOT_FOUND;
    fn ApplyControlToken(context: *const SecHandle, token: *const SecBufferDesc) -> i32, else SEC_E_SECPKG_NOT_FOUND;
    fn FreeContextBuffer(buffer: *mut c_void) -> i32, else SEC_E_SECPKG_NOT_FOUND;
    fn DeleteSecurityContext(context: *const SecHandle) -> i32, else SEC_E_SECPKG_NOT_FOUND;
    fn FreeCredentialsHandle(credentials: *const SecHandle) -> i32, else SEC_E_SECPKG_NOT_FOUND;
}

/// Why Schannel failed: a SECURITY_STATUS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status(pub i32);

/// How far a handshake is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Whether it is over.
    pub done: bool,
    /// How many bytes at the end of the input were not used: if it is not over, they belong before what comes next.
    pub left: usize,
    /// Whether it goes on without more input.
    pub again: bool,
}

/// What a record was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Record {
    /// Application data, where it is in the record. It may be empty.
    Data(Range<usize>),
    /// Something for [`Client::handshake`], where it is in the record: messages of TLS 1.3 after the handshake, or, with
    /// TLS 1.2, the request for a renegotiation.
    Handshake(Range<usize>),
    /// close_notify.
    Closed,
}

/// A session of Schannel, or one to be.
pub struct Client {
    credentials: SecHandle,
    context: Option<SecHandle>,
    /// The server's name, which ends with a zero.
    name: Option<Vec<u16>>,
    http: bool,
    sizes: SecPkgContext_StreamSizes,
}

/// What is asked of a context, the same each time. `USE_SUPPLIED_CREDS`: a server that would like a certificate of ours
/// gets none, rather than one that Windows finds.
const REQUEST: u32 = ISC_REQ_SEQUENCE_DETECT
    | ISC_REQ_REPLAY_DETECT
    | ISC_REQ_CONFIDENTIALITY
    | ISC_REQ_INTEGRITY
    | ISC_REQ_EXTENDED_ERROR
    | ISC_REQ_MANUAL_CRED_VALIDATION
    | ISC_REQ_USE_SUPPLIED_CREDS
    | ISC_REQ_ALLOCATE_MEMORY
    | ISC_REQ_STREAM;

/// The protection without which there is no session. (Integrity goes without saying: the cipher suite is looked at.)
const PROTECTION: u32 = ISC_RET_SEQUENCE_DETECT | ISC_RET_REPLAY_DETECT | ISC_RET_CONFIDENTIALITY;

/// A SEC_APPLICATION_PROTOCOLS with one list, of ALPN, of one name. It is made of numbers that are aligned as such.
#[repr(C)]
struct Protocols {
    lists_size: u32,
    extension: u32,
    list_size: u16,
    list: [u8; 9],
}

static HTTP_1_1: Protocols = Protocols {
    lists_size: 4 + 2 + 9,
    extension: 2, // SecApplicationProtocolNegotiationExt_ALPN
    list_size: 9,
    list: *b"\x08http/1.1",
};
/// Without what the compiler fills it up with.
const PROTOCOLS_SIZE: u32 = 4 + 4 + 2 + 9;

/// A buffer of `kind` over `bytes`.
fn buffer(kind: u32, bytes: &mut [u8]) -> SecBuffer {
    SecBuffer {
        cbBuffer: u32::try_from(bytes.len()).unwrap_or(0),
        BufferType: kind,
        pvBuffer: bytes.as_mut_ptr().cast(),
    }
}

/// A buffer that Schannel may fill in.
fn empty(kind: u32) -> SecBuffer {
    SecBuffer {
        cbBuffer: 0,
        BufferType: kind,
        pvBuffer: null_mut(),
    }
}

fn describe(buffers: &mut [SecBuffer]) -> SecBufferDesc {
    SecBufferDesc {
        ulVersion: SECBUFFER_VERSION,
        cBuffers: buffers.len() as u32,
        pBuffers: buffers.as_mut_ptr(),
    }
}

fn check(status: i32) -> Result<(), Status> {
    if status == SEC_E_OK {
        Ok(())
    } else {
        Err(Status(status))
    }
}

/// Credentials of nobody, for TLS 1.2 and, where Windows has it, 1.3. Certificates are judged by our user.
fn credentials() -> Result<SecHandle, Status> {
    let flags = SCH_CRED_MANUAL_CRED_VALIDATION | SCH_CRED_NO_DEFAULT_CREDS | SCH_USE_STRONG_CRYPTO;
    let mut parameters = TLS_PARAMETERS {
        grbitDisabledProtocols: !(SP_PROT_TLS1_2_CLIENT | SP_PROT_TLS1_3_CLIENT),
        ..TLS_PARAMETERS::default()
    };
    let recent = SCH_CREDENTIALS {
        dwVersion: SCH_CREDENTIALS_VERSION,
        dwFlags: flags,
        cTlsParameters: 1,
        pTlsParameters: &mut parameters,
        ..SCH_CREDENTIALS::default()
    };
    // SAFETY: the structure and what it points to are there for the call.
    if let Ok(credentials) = unsafe { acquire((&raw const recent).cast()) } {
        return Ok(credentials);
    }
    // Before Windows 10 1809.
    let old = SCHANNEL_CRED {
        dwVersion: SCHANNEL_CRED_VERSION,
        grbitEnabledProtocols: SP_PROT_TLS1_2_CLIENT,
        dwFlags: flags,
        ..SCHANNEL_CRED::default()
    };
    // SAFETY: as above.
    unsafe { acquire((&raw const old).cast()) }
}

/// # Safety
/// `wanted` points to a structure that describes credentials for Schannel.
unsafe fn acquire(wanted: *const c_void) -> Result<SecHandle, Status> {
    let mut credentials = SecHandle::default();
    // SAFETY: the name of the package is a constant; no function and no principal are given; the rest is as is demanded.
    let status = unsafe {
        AcquireCredentialsHandleW(
            null(),
            UNISP_NAME_W,
            SECPKG_CRED_OUTBOUND,
            null(),
            wanted,
            None,
            null(),
            &mut credentials,
            null_mut(),
        )
    };
    check(status)?;
    Ok(credentials)
}

impl Client {
    /// A client for the server `name`, or one that is known by its address alone; `http` says that it is an HTTP server,
    /// and is offered as such (ALPN).
    pub fn new(name: Option<&str>, http: bool) -> Result<Client, Status> {
        Ok(Client {
            credentials: credentials()?,
            context: None,
            name: name.map(|name| name.encode_utf16().chain([0]).collect()),
            http,
            sizes: SecPkgContext_StreamSizes::default(),
        })
    }

    /// Goes on with the handshake: first with no input, then with whole records from the server. What is to be sent, in
    /// case of an error too, is added to `out`.
    pub fn handshake(&mut self, input: &mut [u8], out: &mut Vec<u8>) -> Result<Progress, Status> {
        let mut protocols = SecBuffer {
            cbBuffer: PROTOCOLS_SIZE,
            BufferType: SECBUFFER_APPLICATION_PROTOCOLS,
            // It is only read.
            pvBuffer: (&raw const HTTP_1_1).cast_mut().cast(),
        };
        let length = input.len();
        let mut received = [buffer(SECBUFFER_TOKEN, input), empty(SECBUFFER_EMPTY)];
        let given = match self.context {
            Some(_) => describe(&mut received),
            None => SecBufferDesc {
                ulVersion: SECBUFFER_VERSION,
                cBuffers: self.http.into(),
                pBuffers: &mut protocols,
            },
        };
        let (status, attributes) = self.step(&given, out);
        if status == SEC_E_INCOMPLETE_MESSAGE {
            return Ok(Progress {
                done: false,
                left: length,
                again: false,
            });
        }
        let done = status == SEC_E_OK;
        if !done && status != SEC_I_CONTINUE_NEEDED {
            return Err(Status(status));
        }
        let [_, extra] = received;
        let left = match extra.BufferType {
            SECBUFFER_EXTRA => (extra.cbBuffer as usize).min(length),
            _ => 0,
        };
        if done {
            if attributes & PROTECTION != PROTECTION {
                return Err(Status(SEC_E_INTERNAL_ERROR));
            }
            let sizes = (&raw mut self.sizes).cast();
            // SAFETY: this attribute is such a structure.
            unsafe { self.query(SECPKG_ATTR_STREAM_SIZES, sizes) }?;
        }
        Ok(Progress {
            done,
            left,
            again: left > 0 && left < length,
        })
    }

    /// One call of InitializeSecurityContext: its status, and the attributes of the context.
    fn step(&mut self, given: &SecBufferDesc, out: &mut Vec<u8>) -> (i32, u32) {
        let mut produced = [empty(SECBUFFER_TOKEN)];
        let mut described = describe(&mut produced);
        let mut attributes = 0;
        let mut made = SecHandle::default();
        let old = self.context.as_ref().map_or(null(), |old| &raw const *old);
        let given: *const SecBufferDesc = if given.cBuffers == 0 { null() } else { given };
        // SAFETY: the credentials and, after the first call, the context are those that Schannel gave; the name ends with
        // a zero; the buffers are there for the call, and that for the output is Schannel's to allocate.
        let status = unsafe {
            InitializeSecurityContextW(
                &self.credentials,
                old,
                self.name.as_ref().map_or(null(), |name| name.as_ptr()),
                REQUEST,
                0,
                0,
                given,
                0,
                &mut made,
                &mut described,
                &mut attributes,
                null_mut(),
            )
        };
        if self.context.is_none() && status >= 0 {
            self.context = Some(made);
        }
        let [token] = produced;
        if !token.pvBuffer.is_null() {
            // SAFETY: Schannel has allocated so many bytes for us, and they are freed once.
            unsafe {
                out.extend_from_slice(core::slice::from_raw_parts(
                    token.pvBuffer.cast(),
                    token.cbBuffer as usize,
                ));
                FreeContextBuffer(token.pvBuffer);
            }
        }
        (status, attributes)
    }

    /// # Safety
    /// `into` points to what the attribute is.
    unsafe fn query(&self, attribute: u32, into: *mut c_void) -> Result<(), Status> {
        let Some(context) = &self.context else {
            return Err(Status(SEC_E_INTERNAL_ERROR));
        };
        // SAFETY: the context is valid, and the rest is as is demanded.
        check(unsafe { QueryContextAttributesW(context, attribute, into) })
    }

    /// The certificates that the server sent, its own first.
    pub fn chain(&self) -> Result<Vec<Vec<u8>>, Status> {
        let mut leaf: *mut CERT_CONTEXT = null_mut();
        // SAFETY: this attribute is a pointer to a context, which is ours to free.
        unsafe { self.query(SECPKG_ATTR_REMOTE_CERT_CONTEXT, (&raw mut leaf).cast()) }?;
        // SAFETY: so it is.
        Ok(unsafe { trust::with_store(leaf) })
    }

    /// Opens one whole record of a session in its place.
    pub fn decrypt(&mut self, record: &mut [u8]) -> Result<Record, Status> {
        let Some(context) = &self.context else {
            return Err(Status(SEC_E_INTERNAL_ERROR));
        };
        let (base, length) = (record.as_ptr() as usize, record.len());
        let mut buffers = [
            buffer(SECBUFFER_DATA, record),
            empty(SECBUFFER_EMPTY),
            empty(SECBUFFER_EMPTY),
            empty(SECBUFFER_EMPTY),
        ];
        let described = describe(&mut buffers);
        // SAFETY: the context is valid, and the buffers are there for the call.
        let status = unsafe { DecryptMessage(context, &described, 0, null_mut()) };
        // Where in the record a buffer of this kind is.
        let find = |kind| {
            let found = buffers
                .iter()
                .find(|b| b.BufferType == kind && b.cbBuffer > 0);
            let Some(found) = found else {
                return Some(0..0);
            };
            let start = (found.pvBuffer as usize).checked_sub(base)?;
            let end = start.checked_add(found.cbBuffer as usize)?;
            (end <= length).then_some(start..end)
        };
        let what = match status {
            // One record was given, so nothing may be left of it.
            SEC_E_OK if find(SECBUFFER_EXTRA) == Some(0..0) => {
                find(SECBUFFER_DATA).map(Record::Data)
            }
            SEC_I_RENEGOTIATE => find(SECBUFFER_EXTRA).map(Record::Handshake),
            SEC_I_CONTEXT_EXPIRED => Some(Record::Closed),
            SEC_E_OK => None,
            error => return Err(Status(error)),
        };
        what.ok_or(Status(SEC_E_INTERNAL_ERROR))
    }

    /// How many bytes of data a record can have.
    pub fn max_data(&self) -> usize {
        // What the version allows at most (RFC 8446, section 5.1), and not nothing.
        self.sizes.cbMaximumMessage.clamp(1, 1 << 14) as usize
    }

    /// Adds a record with `data`, at most [`Client::max_data`] bytes, to `out`.
    pub fn encrypt(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), Status> {
        let Some(context) = &self.context else {
            return Err(Status(SEC_E_INTERNAL_ERROR));
        };
        let start = out.len();
        let (header, trailer) = (self.sizes.cbHeader as usize, self.sizes.cbTrailer as usize);
        out.resize(start + header, 0);
        out.extend_from_slice(data);
        out.resize(out.len() + trailer, 0);
        let (head, rest) = out[start..].split_at_mut(header);
        let (body, tail) = rest.split_at_mut(data.len());
        let mut buffers = [
            buffer(SECBUFFER_STREAM_HEADER, head),
            buffer(SECBUFFER_DATA, body),
            buffer(SECBUFFER_STREAM_TRAILER, tail),
            empty(SECBUFFER_EMPTY),
        ];
        let described = describe(&mut buffers);
        // SAFETY: the context is valid, and the buffers have the sizes that it asked for.
        check(unsafe { EncryptMessage(context, 0, &described, 0) })?;
        // The trailer may take less than its room; the header and the data do not.
        let [_, _, trailed, _] = buffers;
        let unused = trailer.saturating_sub(trailed.cbBuffer as usize);
        out.truncate(out.len() - unused);
        Ok(())
    }

    /// Adds a close_notify to `out`, if there is a session to be closed.
    pub fn close(&mut self, out: &mut Vec<u8>) {
        let Some(context) = &self.context else {
            return;
        };
        let mut command = SCHANNEL_SHUTDOWN.to_ne_bytes();
        let mut buffers = [buffer(SECBUFFER_TOKEN, &mut command)];
        let described = describe(&mut buffers);
        // SAFETY: the context is valid, and the command is there for the call.
        if unsafe { ApplyControlToken(context, &described) } == SEC_E_OK {
            let nothing = SecBufferDesc {
                ulVersion: SECBUFFER_VERSION,
                cBuffers: 0,
                pBuffers: null_mut(),
            };
            self.step(&nothing, out);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // SAFETY: both handles are ours, and not used again.
        unsafe {
            if let Some(context) = &self.context {
                DeleteSecurityContext(context);
            }
            FreeCredentialsHandle(&self.credentials);
        }
    }
}

const _: () = assert!(size_of::<Protocols>() >= PROTOCOLS_SIZE as usize);
