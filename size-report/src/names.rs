//! From a symbol to the code it belongs to: demangling, crate, module, area.

/// Which area of the program a path belongs to. The longest prefix that matches whole segments wins.
///
/// This is the one table to extend when a module or a dependency is added; what is missing shows up as `other`.
const AREAS: &[(&str, &str)] = &[
    ("start", "start"),
    ("os::linux::process", "start"),
    ("os::linux::env", "start"),
    ("compiler_builtins", "start"),
    ("os", "system"),
    ("rustix", "system"),
    ("linux_raw_sys", "system"),
    ("libc", "system"),
    ("windows_sys", "system"),
    ("os::net", "net"),
    ("os::linux::net", "net"),
    ("os::linux::resolver", "net"),
    ("ptex::net", "net"),
    ("ptex::stream", "net"),
    ("ptex", "cli"),
    ("ptex::cli", "cli"),
    ("ptex::progress", "cli"),
    ("ptex::report", "cli"),
    ("ptex::error", "cli"),
    ("os::linux::term", "cli"),
    ("ptex::fetch", "fetch"),
    ("ptex::deliver", "fetch"),
    ("ptex::retry", "fetch"),
    ("ptex::connect", "net"),
    ("ptex::file", "fetch"),
    ("ptex::manifest", "manifest"),
    ("ptex::http", "http"),
    ("ptex::url", "http"),
    ("ptex::netrc", "http"),
    ("ptex::base64", "http"),
    ("ptex::proxy", "proxy"),
    ("ptex::ftp", "ftp"),
    ("ptex::tls", "tls"),
    ("embedded_tls", "tls"),
    ("embedded_io", "tls"),
    ("heapless", "tls"),
    ("webpki", "tls"),
    ("rustls_pki_types", "tls"),
    ("untrusted", "tls"),
    ("ptex::tls::trust", "trust anchors"),
    ("ptex::tls::anchors", "trust anchors"),
    ("ptex::tls::roots", "trust anchors"),
    ("ptex::trust", "trust anchors"),
    ("webpki_roots", "trust anchors"),
    ("cpu", "crypto"),
    ("ptex::tls::sig", "crypto"),
    ("aead", "crypto"),
    ("aes", "crypto"),
    ("aes_gcm", "crypto"),
    ("base16ct", "crypto"),
    ("block_buffer", "crypto"),
    ("chacha20", "crypto"),
    ("chacha20poly1305", "crypto"),
    ("cipher", "crypto"),
    ("const_oid", "crypto"),
    ("cpufeatures", "crypto"),
    ("crypto_bigint", "crypto"),
    ("crypto_common", "crypto"),
    ("ctr", "crypto"),
    ("curves", "crypto"),
    ("der", "crypto"),
    ("digest", "crypto"),
    ("ecdsa", "crypto"),
    ("elliptic_curve", "crypto"),
    ("ff", "crypto"),
    ("generic_array", "crypto"),
    ("ghash", "crypto"),
    ("group", "crypto"),
    ("hkdf", "crypto"),
    ("hmac", "crypto"),
    ("inout", "crypto"),
    ("p256", "crypto"),
    ("poly1305", "crypto"),
    ("polyval", "crypto"),
    ("primeorder", "crypto"),
    ("rand_core", "crypto"),
    ("sec1", "crypto"),
    ("sha2", "crypto"),
    ("signature", "crypto"),
    ("subtle", "crypto"),
    ("typenum", "crypto"),
    ("universal_hash", "crypto"),
    ("zeroize", "crypto"),
    ("core", "core and alloc"),
    ("alloc", "core and alloc"),
    ("std", "core and alloc"),
];

/// Symbols without a Rust path: start code, memory functions, and what the compiler asks for by name.
const START_SYMBOLS: &[&str] = &[
    "_start",
    "bcmp",
    "memcmp",
    "memcpy",
    "memmove",
    "memset",
    "strlen",
    "image_layout",
    "ptex_main",
];

/// Where code or data belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Owner {
    /// The crate, or `unattributed`.
    pub(crate) krate: String,
    /// The path of the module, which begins with the crate.
    pub(crate) module: String,
    /// The area of the program.
    pub(crate) area: &'static str,
}

impl Owner {
    /// What no symbol and no reference explains.
    pub(crate) fn unattributed() -> Self {
        Owner::of("unattributed", "unattributed", "unattributed")
    }

    /// The owner of what the linker made or was not asked about.
    pub(crate) fn of(krate: &str, module: &str, area: &'static str) -> Self {
        Owner {
            krate: krate.to_owned(),
            module: module.to_owned(),
            area,
        }
    }
}

/// A symbol's name for people, without hashes.
pub(crate) fn readable(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

/// Whether `symbol` tells where it comes from.
pub(crate) fn speaks(symbol: &str) -> bool {
    START_SYMBOLS.contains(&symbol) || rustc_demangle::try_demangle(strip(symbol)).is_ok()
}

/// The mangled name within a section's name such as `.rodata.cst16._RNv…`, if there is one.
pub(crate) fn in_section(section: &str) -> Option<&str> {
    let at = section.find("._R").or_else(|| section.find("._ZN"))?;
    section.get(at + 1..).map(strip).filter(|name| speaks(name))
}

/// Without what the linker puts behind a name, such as the `.0` of a static's part.
fn strip(symbol: &str) -> &str {
    symbol.split('.').next().unwrap_or(symbol)
}

/// Whom the code or data of `symbol` belongs to.
///
/// That is the first crate in its path which is not core or alloc: code generic over another crate's types is that
/// crate's wish. Where there is none, it is the crate that instantiated it, if the name tells.
pub(crate) fn owner(symbol: &str) -> Owner {
    if START_SYMBOLS.contains(&symbol) || symbol.contains("___rustc") {
        return Owner::of("start", "start", "start");
    }
    let name = readable(strip(symbol));
    let paths = paths(&name);
    let foreign = |path: &&Vec<&str>| {
        let krate = path.first().copied().unwrap_or_default();
        !matches!(krate, "core" | "alloc" | "std") && (area(krate).is_some() || path.len() > 1)
    };
    if let Some(path) = paths.iter().find(foreign) {
        return owner_of(path);
    }
    if let Some(krate) = instantiating_crate(symbol)
        && !matches!(krate, "core" | "alloc" | "std")
    {
        return owner_of(&[krate]);
    }
    match paths.first() {
        Some(path) => owner_of(path),
        None => Owner::unattributed(),
    }
}

fn owner_of(path: &[&str]) -> Owner {
    let modules = path
        .iter()
        .take_while(|s| s.starts_with(|c: char| c.is_lowercase()));
    let depth = match path.first() {
        Some(&("ptex" | "os")) => 3,
        _ => 1,
    };
    // The last segment is the function itself.
    let modules: Vec<&str> = modules
        .take(path.len().saturating_sub(1).clamp(1, depth))
        .copied()
        .collect();
    let module = modules.join("::");
    Owner {
        krate: path.first().copied().unwrap_or_default().to_owned(),
        area: area(&module).unwrap_or("other"),
        module,
    }
}

/// The area of the longest prefix of `module` in the table.
fn area(module: &str) -> Option<&'static str> {
    AREAS
        .iter()
        .filter(|(prefix, _)| {
            module
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, area)| *area)
}

/// The paths in a demangled name, in order: `<a::B as c::D>::e` gives `a::B` and `c::D`.
fn paths(name: &str) -> Vec<Vec<&str>> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    name.split(|c: char| !word(c))
        .filter(|path| !path.starts_with("::") && path.contains("::"))
        .map(|path| path.split("::").filter(|s| !s.is_empty()).collect())
        .filter(|path: &Vec<&str>| !path.is_empty())
        .collect()
}

/// The crate that a v0 name ends with: `Cs<disambiguator>_<length><name>`.
fn instantiating_crate(symbol: &str) -> Option<&str> {
    let symbol = strip(symbol);
    if !symbol.starts_with("_R") {
        return None;
    }
    let (_, tail) = symbol.rsplit_once("Cs")?;
    let (_, counted) = tail.split_once('_')?;
    let digits = counted.len()
        - counted
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .len();
    let (length, name) = counted.split_at_checked(digits)?;
    let name_of_crate = name.strip_prefix('_').unwrap_or(name);
    (length.parse() == Ok(name_of_crate.len())).then_some(name_of_crate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(symbol: &str) -> (String, &'static str) {
        let owner = owner(symbol);
        (owner.module, owner.area)
    }

    #[test]
    fn plain_functions_belong_to_their_module() {
        let write_all = "_RNvNtNtCs2g9blx30Adw_2os5linux4file9write_all";
        assert_eq!(said(write_all), ("os::linux::file".to_owned(), "system"));
        assert_eq!(
            said("_ZN5start5linux13start_process17h899af7a8b5dfbe00E"),
            ("start".to_owned(), "start")
        );
    }

    #[test]
    fn an_implementation_belongs_to_its_type() {
        let next = "_RNvXNtNtCs2g9blx30Adw_2os5linux3envNtB2_7StringsNtNtNtNtCsgEmfK2I1SDS_4core4iter6traits8iterator8Iterator4next";
        assert_eq!(said(next).0, "os::linux::env");
    }

    #[test]
    fn generic_code_of_core_belongs_to_who_wanted_it() {
        let equal = "_RNvXs3_NtNtCsgEmfK2I1SDS_4core5slice3cmphINtB5_14SlicePartialEqhE17equal_same_lengthCs2g9blx30Adw_2os";
        assert_eq!(said(equal), ("os".to_owned(), "system"));
        let panic = "_RNvNtCsgEmfK2I1SDS_4core9panicking5panic";
        assert_eq!(said(panic), ("core".to_owned(), "core and alloc"));
    }

    #[test]
    fn names_without_a_path() {
        assert_eq!(said("memcpy").1, "start");
        assert_eq!(said("something_else").1, "unattributed");
        assert!(!speaks(".Lanon.01b687cd2b997464ba1ffd5e4bbf997f.0"));
    }

    #[test]
    fn a_section_may_name_its_function() {
        let name = "_RNvNtCsgEmfK2I1SDS_4core9panicking5panic";
        assert_eq!(in_section(&format!(".rodata.{name}")), Some(name));
        assert_eq!(in_section(".rodata.cst16"), None);
    }

    #[test]
    fn prefixes_end_at_whole_segments() {
        assert_eq!(area("ptex::http::chunked"), Some("http"));
        assert_eq!(area("ptex::tls::trust"), Some("trust anchors"));
        assert_eq!(area("ptexx"), None);
    }
}
