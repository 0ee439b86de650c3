//! It cannot lose work: processes that die at every step and at random, disks that fill up or fail, files that are torn,
//! damaged or taken away, clocks that jump, machines that sleep (`daemon.md` rules 3, 13, 15, 18 to 20).

mod clock;
mod damage;
mod disk;
#[cfg(target_os = "linux")]
mod failing;
mod files;
mod sleep;
mod steps;
mod storm;
