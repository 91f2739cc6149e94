// SPDX-License-Identifier: Apache-2.0
// Tells that something in directories changes. inotify_watch.h is the real one.
#pragma once

#include <set>
#include <stop_token>
#include <string>

namespace outrider {

// Thread-safe.
class FileWatch {
 public:
  virtual ~FileWatch() = default;
  // These directories from now on, and no others. What cannot be watched is passed over.
  virtual void Watch(const std::set<std::string>& directories) = 0;
  // Stopped by the next change after this call, and by Wake().
  virtual std::stop_token NextChange() = 0;
  // Names, without their directories, of files that somebody has written into and not closed yet.
  virtual std::set<std::string> Unfinished() const = 0;
  virtual void Wake() = 0;
};

}  // namespace outrider
