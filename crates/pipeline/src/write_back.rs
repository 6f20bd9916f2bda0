//! A word to the kernel that what was written of a file may go to the disk now.
//!
//! Linux keeps what is written in memory until somebody flushes, who then waits for all of it at once.
//! Not here: flushing, which alone says that it is on the disk.

#[cfg(target_os = "linux")]
mod linux {
    // The call is the kernel's, and nobody wraps it.
    #![allow(unsafe_code)]

    use std::fs::File;
    use std::os::fd::AsRawFd as _;

    pub(crate) fn begin(file: &File) {
        // SAFETY: the descriptor is open as long as `file` is, and no memory is passed. What fails here fails again in the
        // flush, which is where it is heard of.
        unsafe { libc::sync_file_range(file.as_raw_fd(), 0, 0, libc::SYNC_FILE_RANGE_WRITE) };
    }
}

#[cfg(target_os = "linux")]
pub(crate) use linux::begin;

/// Other systems have no such word; they flush at the end.
#[cfg(not(target_os = "linux"))]
pub(crate) fn begin(_file: &std::fs::File) {}
