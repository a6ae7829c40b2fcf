//! What the process gives up before it reads anything from outside: a bug that lets somebody in lets them do nothing but
//! what a fetcher does, and start no other program.
//!
//! The filter names the system calls that are made, by this crate and by rustix, with what older kernels and some of the
//! architectures have in their place. Any other fails with EPERM, as do all that are made by the numbers of another
//! architecture that this processor has, too. A kernel without filters, an emulator that has none, or one that runs this
//! program on a processor of another kind goes on without: so no test under an emulator says whether a call is missing
//! here, and .ci/filters.py compares the calls that are seen there with what the file's filter allows.

use super::arch::{self, nr, syscall4};
use linux_raw_sys::general as linux;
use linux_raw_sys::ioctl::{SIOCGIFINDEX, TIOCGWINSZ};

/// `struct sock_filter` of the kernel's classic BPF.
#[repr(C)]
#[derive(Clone, Copy)]
struct Instruction {
    code: u16,
    /// How many instructions to go over if a comparison holds, and if not.
    then: u8,
    otherwise: u8,
    value: u32,
}

/// `struct sock_fprog`.
#[repr(C)]
struct Program {
    length: u16,
    instructions: *const Instruction,
}

/// BPF_LD | BPF_W | BPF_ABS, of `struct seccomp_data`.
const LOAD: u16 = 0x20;
/// BPF_JMP | BPF_JEQ | BPF_K.
const IF_EQUAL: u16 = 0x15;
/// BPF_RET | BPF_K.
const RETURN: u16 = 0x06;

/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
/// Of the second argument, of 64 bits, the lower half: what an ioctl asks for is not longer.
const REQUEST: u32 = if cfg!(target_endian = "little") {
    24
} else {
    28
};

const SECCOMP_SET_MODE_FILTER: usize = 1;
const SECCOMP_RET_ALLOW: u32 = 0x7fff_0000;
/// SECCOMP_RET_ERRNO with EPERM.
const DENY: u32 = 0x0005_0001;

/// AUDIT_ARCH_I386: whose numbers `int 0x80` stands for, in a process of 64 bits, too. Elsewhere a process cannot choose.
#[cfg(target_arch = "x86_64")]
const OTHER: u32 = 0x4000_0003;
#[cfg(not(target_arch = "x86_64"))]
const OTHER: u32 = arch::AUDIT;

/// The calls that all architectures have.
const COMMON: &[u32] = &[
    linux::__NR_read,
    linux::__NR_write,
    linux::__NR_openat,
    linux::__NR_close,
    linux::__NR_fstat,
    linux::__NR_statx,
    linux::__NR_lseek,
    linux::__NR_getdents64,
    linux::__NR_unlinkat,
    linux::__NR_renameat2,
    linux::__NR_fsync,
    linux::__NR_fchmod,
    linux::__NR_ftruncate,
    linux::__NR_flock,
    linux::__NR_ppoll,
    linux::__NR_socket,
    linux::__NR_connect,
    linux::__NR_sendto,
    linux::__NR_recvfrom,
    linux::__NR_setsockopt,
    linux::__NR_getsockopt,
    linux::__NR_getrandom,
    linux::__NR_clock_gettime,
    linux::__NR_nanosleep,
    linux::__NR_rt_sigaction,
    linux::__NR_getpid,
    linux::__NR_kill,
    // What a wait becomes when the process was stopped and goes on.
    linux::__NR_restart_syscall,
    linux::__NR_exit_group,
];

/// What came before the calls above, and rustix prefers.
#[cfg(not(any(target_arch = "aarch64", target_arch = "riscv64")))]
const OLDER: &[u32] = &[linux::__NR_open, linux::__NR_poll];
#[cfg(any(target_arch = "aarch64", target_arch = "riscv64"))]
const OLDER: &[u32] = &[];

#[cfg(not(target_arch = "riscv64"))]
const RENAME: &[u32] = &[linux::__NR_renameat];
#[cfg(target_arch = "riscv64")]
const RENAME: &[u32] = &[];

/// `stat` of a path, and what is twice as wide as a register.
#[cfg(target_pointer_width = "64")]
const WIDE: &[u32] = &[linux::__NR_newfstatat];
#[cfg(target_pointer_width = "32")]
const WIDE: &[u32] = &[
    linux::__NR_fstat64,
    linux::__NR_fstatat64,
    linux::__NR_ftruncate64,
    linux::__NR__llseek,
    linux::__NR_ppoll_time64,
    linux::__NR_clock_gettime64,
];

/// What rustix prefers to `sendto` and `recvfrom` without an address, where the kernel has it.
#[cfg(any(target_arch = "arm", target_arch = "powerpc64"))]
const UNADDRESSED: &[u32] = &[linux::__NR_send, linux::__NR_recv];
#[cfg(not(any(target_arch = "arm", target_arch = "powerpc64")))]
const UNADDRESSED: &[u32] = &[];

const ALLOWED: [&[u32]; 5] = [COMMON, OLDER, RENAME, WIDE, UNADDRESSED];
const COUNT: usize = COMMON.len() + OLDER.len() + RENAME.len() + WIDE.len() + UNADDRESSED.len();

/// What is asked of devices and sockets by ioctl(2): the size of a terminal, the number of a network interface. A terminal
/// can be asked for worse, such as to take what it is given for what its user has typed.
const REQUESTS: [u32; 2] = [TIOCGWINSZ, SIOCGIFINDEX];

/// The filter: on this architecture, the calls above, those requests, and no others.
static FILTER: [Instruction; COUNT + 10] = {
    const fn instruction(code: u16, value: u32) -> Instruction {
        Instruction {
            code,
            then: 0,
            otherwise: 0,
            value,
        }
    }
    let (deny, allow) = (COUNT + 8, COUNT + 9);
    let mut filter = [instruction(RETURN, SECCOMP_RET_ALLOW); COUNT + 10];
    filter[0] = instruction(LOAD, ARCHITECTURE);
    filter[1] = instruction(IF_EQUAL, arch::AUDIT);
    filter[1].then = 1;
    filter[2] = instruction(IF_EQUAL, OTHER);
    filter[2].then = (deny - 3) as u8;
    filter[2].otherwise = (allow - 3) as u8;
    filter[3] = instruction(LOAD, NUMBER);
    let mut at = 4;
    let mut list = 0;
    while list < ALLOWED.len() {
        let mut i = 0;
        while i < ALLOWED[list].len() {
            filter[at] = instruction(IF_EQUAL, ALLOWED[list][i]);
            filter[at].then = (allow - at - 1) as u8;
            at += 1;
            i += 1;
        }
        list += 1;
    }
    filter[at] = instruction(IF_EQUAL, linux::__NR_ioctl);
    filter[at].otherwise = (deny - at - 1) as u8;
    filter[at + 1] = instruction(LOAD, REQUEST);
    filter[at + 2] = instruction(IF_EQUAL, REQUESTS[0]);
    filter[at + 2].then = (allow - at - 3) as u8;
    filter[at + 3] = instruction(IF_EQUAL, REQUESTS[1]);
    filter[at + 3].then = (allow - at - 4) as u8;
    filter[deny] = instruction(RETURN, DENY);
    filter
};

/// Gives up, for the thread that calls and for what it starts, all system calls but those that are named here.
pub fn confine() {
    let program = Program {
        length: FILTER.len() as u16,
        instructions: FILTER.as_ptr(),
    };
    // The kernel asks for this of whoever is not root: what is started from here gains no rights by its file.
    let _ = rustix::thread::set_no_new_privs(true);
    // SAFETY: the kernel copies the program, whose every jump leads to an instruction of it.
    unsafe {
        syscall4(
            nr::SECCOMP,
            SECCOMP_SET_MODE_FILTER,
            0,
            &raw const program as usize,
            0,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicIsize, Ordering};

    /// What getppid(2) gives to a thread that has confined itself.
    static DENIED: AtomicIsize = AtomicIsize::new(0);

    #[test]
    fn other_calls_are_denied() {
        // A filter is the thread's own. It cannot be ended any more, but the process can.
        std::thread::spawn(|| {
            confine();
            let mut random = [0; 16];
            super::super::random(&mut random);
            assert_ne!(random, [0; 16], "what is allowed works");
            // SAFETY: no pointers.
            let result = unsafe { syscall4(linux::__NR_getppid as usize, 0, 0, 0, 0) };
            DENIED.store(result, Ordering::Relaxed);
            loop {
                crate::clock::sleep_ms(1000);
            }
        });
        while DENIED.load(Ordering::Relaxed) == 0 {
            crate::clock::sleep_ms(1);
        }
        assert_eq!(DENIED.load(Ordering::Relaxed), -1, "EPERM");
    }

    /// What a kernel does with the call `number` of the architecture `audit`, whose second argument is `request`.
    fn verdict(audit: u32, number: u32, request: u32) -> u32 {
        let (mut at, mut loaded) = (0, 0);
        loop {
            let instruction = FILTER[at];
            at += 1;
            match (instruction.code, instruction.value) {
                (LOAD, ARCHITECTURE) => loaded = audit,
                (LOAD, NUMBER) => loaded = number,
                (LOAD, REQUEST) => loaded = request,
                (IF_EQUAL, value) if loaded == value => at += usize::from(instruction.then),
                (IF_EQUAL, _) => at += usize::from(instruction.otherwise),
                (RETURN, verdict) => return verdict,
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn verdicts() {
        // The call of x32 with the number 1 as well.
        for number in (0..1000).chain([0x4000_0001]) {
            let is_allowed = ALLOWED.iter().any(|list| list.contains(&number));
            let expected = if is_allowed { SECCOMP_RET_ALLOW } else { DENY };
            assert_eq!(verdict(arch::AUDIT, number, 0), expected, "{number}");
            // Of no processor, so of one that is emulated.
            assert_eq!(verdict(1, number, 0), SECCOMP_RET_ALLOW);
        }
        // There, 11 is execve and 4 is write.
        #[cfg(target_arch = "x86_64")]
        for number in [11, 4, linux::__NR_read, linux::__NR_exit_group] {
            assert_eq!(verdict(0x4000_0003, number, 0), DENY);
        }
        let ioctl = |request| verdict(arch::AUDIT, linux::__NR_ioctl, request);
        for request in REQUESTS {
            assert_eq!(ioctl(request), SECCOMP_RET_ALLOW);
        }
        for request in [
            linux_raw_sys::ioctl::TIOCSTI,
            linux_raw_sys::ioctl::TIOCLINUX,
        ] {
            assert_eq!(ioctl(request), DENY);
        }
    }

    #[test]
    fn every_jump_ends_at_a_verdict() {
        for (at, instruction) in FILTER.iter().enumerate() {
            for distance in [instruction.then, instruction.otherwise] {
                assert!(instruction.code == RETURN || at + 1 + (distance as usize) < FILTER.len());
            }
        }
        let verdicts = FILTER.map(|i| (i.code == RETURN).then_some(i.value));
        assert_eq!(
            verdicts[FILTER.len() - 2..],
            [Some(DENY), Some(SECCOMP_RET_ALLOW)]
        );
    }
}
