// SPDX-License-Identifier: Apache-2.0
#include "storage/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace outrider {
namespace {

Status SystemError(const std::string& what, const std::string& path) {
  const int code = errno;
  const std::string text = fmt::format("{} {}: {}", what, path, ErrnoText(code));
  if (code == ENOENT) return absl::NotFoundError(text);
  if (code == ENOSPC) return absl::ResourceExhaustedError(text);
  return Internal(text);
}

}  // namespace

StatusOr<std::string> ReadFile(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return SystemError("cannot open", path);
  std::ostringstream content;
  content << in.rdbuf();
  if (in.bad() || (content.str().empty() && std::filesystem::is_directory(path))) {
    return Internal("cannot read " + path);
  }
  return std::move(content).str();
}

Status WriteFileAtomically(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return SystemError("cannot create", temporary);
  size_t written = 0;
  while (written < content.size()) {
    const ssize_t n = write(fd, content.data() + written, content.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      Status status = SystemError("cannot write", temporary);
      close(fd);
      return status;
    }
    written += static_cast<size_t>(n);
  }
  if (fsync(fd) != 0) {
    Status status = SystemError("cannot sync", temporary);
    close(fd);
    return status;
  }
  close(fd);
  if (rename(temporary.c_str(), path.c_str()) != 0) return SystemError("cannot rename to", path);
  return absl::OkStatus();
}

Status MakeDirectories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Internal(fmt::format("cannot create directory {}: {}", path, error.message()));
  return absl::OkStatus();
}

bool FileExists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

StatusOr<std::vector<std::string>> ListDirectory(const std::string& path) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) return NotFound(fmt::format("cannot list {}: {}", path, error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> Glob(const std::string& base, const std::string& pattern) {
  const std::string full = pattern.empty() || pattern[0] == '/'
                               ? pattern
                               : (std::filesystem::path(base) / pattern).string();
  glob_t result{};
  std::vector<std::string> paths;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): only GLOB_TILDE looks at the environment and users.
  if (glob(full.c_str(), 0, nullptr, &result) == 0) {
    for (size_t i = 0; i < result.gl_pathc; ++i) paths.emplace_back(result.gl_pathv[i]);
  }
  globfree(&result);
  return paths;
}

std::string ResolveBeside(const std::string& file, const std::string& path) {
  if (path.empty() || path[0] == '/') return path;
  const std::filesystem::path directory = std::filesystem::path(file).parent_path();
  return directory.empty() ? path : (directory / path).string();
}

StatusOr<uint64_t> FreeBytes(const std::string& path) {
  struct statvfs info{};
  if (statvfs(path.c_str(), &info) != 0) return SystemError("cannot ask the file system of", path);
  return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
}

std::string ErrnoText(int error) {
  std::array<char, 256> buffer = {};
  return strerror_r(error, buffer.data(), buffer.size());  // GNU's, which may not use the buffer
}

}  // namespace outrider
