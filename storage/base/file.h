// SPDX-License-Identifier: Apache-2.0
// Whole-file helpers with errors that name the path and the reason.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/status.h"

namespace outrider {

StatusOr<std::string> ReadFile(const std::string& path);
// Writes beside, syncs, renames: readers see the old or the new content, never a part.
Status WriteFileAtomically(const std::string& path, std::string_view content);
Status MakeDirectories(const std::string& path);
bool FileExists(const std::string& path);
// Names (not paths) of the entries of a directory, sorted.
StatusOr<std::vector<std::string>> ListDirectory(const std::string& path);
// Paths matching a shell pattern, sorted; no match is an empty list. A relative pattern starts at
// `base`.
std::vector<std::string> Glob(const std::string& base, const std::string& pattern);
// `path` itself when absolute, else relative to the directory of `file`.
std::string ResolveBeside(const std::string& file, const std::string& path);
StatusOr<uint64_t> FreeBytes(const std::string& path);
// What an errno says, e.g. "No such file or directory". Safe in threads, unlike std::strerror.
std::string ErrnoText(int error);

}  // namespace outrider
