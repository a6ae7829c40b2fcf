//! The terminal behind stderr, if it is one.

use rustix::stdio;

/// The number of columns of the terminal that stderr is; None if it is no terminal. 80 if the terminal does not say.
pub fn stderr_columns() -> Option<u16> {
    // SAFETY: descriptor 2 is not closed by this program; should it be closed, the call says so.
    let size = rustix::termios::tcgetwinsize(unsafe { stdio::stderr() }).ok()?;
    Some(if size.ws_col == 0 { 80 } else { size.ws_col })
}
