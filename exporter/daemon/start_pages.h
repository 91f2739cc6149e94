// SPDX-License-Identifier: Apache-2.0
// A start runs through most of the program and its libraries once: parsers, defaults, constructors,
// relocations. The kernel keeps those pages of the files mapped, and counts them as resident,
// though what goes on running needs a fraction of them.
#pragma once

#include <cstddef>

namespace outrider {

// Unmaps the pages of code and constants of the program and its libraries; each comes back from the
// page cache (64 KiB around it too) when it is next touched. What was ever written to (data,
// relocated constants) stays. Returns the bytes let go of, as address space. Any thread, at any
// time; a debugger's breakpoints get lost by it.
size_t ReleaseStartPages();

}  // namespace outrider
