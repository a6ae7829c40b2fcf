//! Everything that touches an operating system. What each system does differently is in a folder of its name.

#![no_std]
