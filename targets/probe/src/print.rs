//! Prints words and whole numbers, straight to the emulator.

use core::ffi::CStr;
use semihosting::sys::arm_compat::sys_write0;

/// Prints a line of a word and numbers: `word 1 2`.
pub fn line(word: &CStr, numbers: &[u32]) {
    sys_write0(word);
    for number in numbers {
        sys_write0(c" ");
        decimal(*number);
    }
    sys_write0(c"\n");
}

/// Ten digits at most, without zeros in front.
fn decimal(number: u32) {
    let mut text = [0; 11];
    let mut rest = number;
    let mut first = 10;
    // From the last digit forwards; the final zero stays.
    for (at, digit) in text.iter_mut().enumerate().rev().skip(1) {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        first = at;
        if rest == 0 {
            break;
        }
    }
    let digits = text
        .get(first..)
        .and_then(|digits| CStr::from_bytes_until_nul(digits).ok());
    sys_write0(digits.unwrap_or(c"?"));
}
