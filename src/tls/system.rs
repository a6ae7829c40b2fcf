//! Where the system has a share in judging: it knows more of trust than the list that its store is.

use os::text;
use os::trust::Refusal;
#[cfg(windows)]
use {super::anchors::Store, alloc::vec::Vec, webpki::EndEntityCert};

use super::refusal::{self, refuse};
use super::verify::Check;
use crate::error::Result;
use crate::text::Hex;
use crate::url::Host;

/// Checks that a path leads from the leaf to an anchor, which is looked for among `names`: by [`Check::path`], which asks
/// the system where it finds no issuer in its store; or by the system alone, if it is to judge.
#[cfg(windows)]
pub(super) fn path(
    check: &Check<'_>,
    end_entity: &EndEntityCert<'_>,
    names: &[&[u8]],
) -> Result<()> {
    match check.found.store {
        Store::Unused => check.path(end_entity, names),
        Store::Searched => {
            check.path(end_entity, names)?;
            not_distrusted(check)
        }
        Store::Judged => {
            judge(check).map_err(|refused| match check.alone(end_entity) {
                // Our own words say more, where what is wrong is seen in the leaf.
                webpki::Error::UnknownIssuer | webpki::Error::CaUsedAsEndEntity => refused,
                error => refusal::plain(&error),
            })?;
            not_distrusted(check)
        }
    }
}

/// Has the system look for a path to a root that it trusts, which it may fetch, as it may missing issuers.
pub(super) fn judge(check: &Check<'_>) -> Result<()> {
    let host = check.host;
    let name = match host {
        Host::Name(name) => Some(name.strip_suffix('.').unwrap_or(name)),
        // Not every system looks for addresses. The name, whatever it is, is checked once more by our own rule.
        _ => None,
    };
    let Err(why) = os::trust::verify(check.chain, name) else {
        return Ok(());
    };
    Err(match why {
        Refusal::UnknownIssuer if check.is_self_signed() => refusal::self_signed(check.found),
        Refusal::UnknownIssuer => refusal::unknown_issuer(check.chain, check.found),
        Refusal::WrongName => refusal::wrong_name(host, &check.leaf),
        Refusal::Because(what) => refuse(text!("certificate %"), &[&what]),
        Refusal::Other(number) => refuse(
            text!("certificate is not trusted by the system (error 0x%)"),
            &[&Hex(&number.to_be_bytes())],
        ),
    })
}

/// Checks that nobody has banned, on this machine, a certificate by which the chain was believed.
#[cfg(windows)]
fn not_distrusted(check: &Check<'_>) -> Result<()> {
    let anchors = check.found.certificates.iter().map(Vec::as_slice);
    let all: Vec<&[u8]> = check.chain.iter().copied().chain(anchors).collect();
    if os::trust::distrusts(&all) {
        return Err(refuse(
            text!("certificate is distrusted on this machine"),
            &[],
        ));
    }
    Ok(())
}
