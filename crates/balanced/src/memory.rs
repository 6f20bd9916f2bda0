//! Fewer page faults: large blocks lie on huge pages, if the kernel has them, and a command that ends with its work
//! keeps what it has freed for the next block.
//!
//! A mix is tens to hundreds of megabytes that are written from one end to the other. On pages of 4 KiB the kernel is
//! entered anew for each of them; on pages of 2 MiB, once for every 512. The allocator stays the system's, and kernel
//! and allocator are free not to listen. `docs/engine.md` says what it brings.
//!
//! Not here: what is held in memory, and for how long.

// Both calls are C's, and an allocator is unsafe to be.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};

/// What most machines have; where theirs are larger, fewer of them fit and the rest is as it was.
const HUGE_PAGE_BYTES: usize = 2 << 20;

/// The system's allocator, with a word to the kernel on every block that holds a huge page.
pub(crate) struct LargeBlocks;

// SAFETY: every block is the system allocator's, unchanged, and `settle` neither reads nor writes it.
unsafe impl GlobalAlloc for LargeBlocks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps `GlobalAlloc`'s contract, which is `System`'s.
        settle(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        settle(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        // SAFETY: as above; `block` came from `System`, since all blocks do.
        settle(unsafe { System.realloc(block, layout, new_bytes) }, new_bytes)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Asks for huge pages where a block of so many bytes has room for them, and hands it back.
fn settle(block: *mut u8, bytes: usize) -> *mut u8 {
    if bytes >= HUGE_PAGE_BYTES && !block.is_null() {
        advise(block, bytes);
    }
    block
}

#[cfg(target_os = "linux")]
fn advise(block: *mut u8, bytes: usize) {
    let before = block.align_offset(HUGE_PAGE_BYTES);
    let whole = bytes.saturating_sub(before) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    if whole > 0 {
        // SAFETY: the range lies inside a block that was just allocated, and advice on huge pages leaves its bytes as
        // they are. An error means that this kernel has none.
        unsafe { libc::madvise(block.wrapping_add(before).cast(), whole, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn advise(_block: *mut u8, _bytes: usize) {}

/// Has blocks that come and go with each step of a master taken from what the last step freed, where each would else be
/// given back to the kernel and fetched again. To be called before other threads are. Not for a server, whose threads
/// would each hold on to theirs.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn keep_what_is_freed() {
    /// The most that glibc takes from its heap.
    const MAPPED_FROM_BYTES: libc::c_int = 32 << 20;
    const KEPT_BYTES: libc::c_int = 64 << 20;
    // SAFETY: both parameters are glibc's own, with values in their ranges; it takes its lock for them.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_BYTES);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_what_is_freed() {}

#[cfg(test)]
mod tests {
    use super::HUGE_PAGE_BYTES;

    const LARGE_BYTES: usize = 40 << 20;

    #[test]
    fn a_block_keeps_what_is_in_it_as_it_grows_and_shrinks() {
        for bytes in [16, 4096, HUGE_PAGE_BYTES - 1, HUGE_PAGE_BYTES, 5 * HUGE_PAGE_BYTES + 17, LARGE_BYTES] {
            let mut block: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
            block.reserve_exact(3 * bytes);
            assert!(block.iter().enumerate().all(|(at, &byte)| byte == (at % 251) as u8), "grown from {bytes}");
            block.truncate(bytes / 2);
            block.shrink_to_fit();
            assert!(block.iter().enumerate().all(|(at, &byte)| byte == (at % 251) as u8), "shrunk from {bytes}");
            assert!(vec![0u8; bytes].iter().all(|&byte| byte == 0), "{bytes} zeros");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_is_asked_for_huge_pages_under_a_large_block_and_not_under_a_small_one() {
        // Else glibc may make the small block of what another test's large one has left, advice and all.
        #[cfg(target_env = "gnu")]
        // SAFETY: the parameter is glibc's own, and it takes its lock for it.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, 512 << 10)
        };
        let large = vec![1u8; LARGE_BYTES];
        let small = vec![1u8; 1 << 20];
        let is_advised = |block: &[u8]| {
            let middle = block.as_ptr() as usize + block.len() / 2;
            let maps = std::fs::read_to_string("/proc/self/smaps").expect("Linux tells what lies where");
            let mut is_inside = false;
            for line in maps.lines() {
                let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
                if let Some((from, to)) = range
                    && let (Ok(from), Ok(to)) = (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16))
                {
                    is_inside = (from..to).contains(&middle);
                } else if let Some(flags) = line.strip_prefix("VmFlags:")
                    && is_inside
                {
                    return flags.split_whitespace().any(|flag| flag == "hg");
                }
            }
            panic!("the block lies nowhere:\n{maps}");
        };
        let has_huge_pages = std::path::Path::new("/sys/kernel/mm/transparent_hugepage").exists();
        assert_eq!(is_advised(&large), has_huge_pages);
        assert!(!is_advised(&small));
    }
}
