//! The hot loops, built at opt-level 3.

#![no_std]
