// SPDX-License-Identifier: Apache-2.0
// Tells that something in directories changes. inotify_watch.h is the real one.
#pragma once

#include <set>
#include <stop_token>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace outrider {

struct FileChanges {
  std::set<std::string> written;  // names, without directories, of files that were written into
  bool others = false;  // files, links or directories were made, moved or removed, or nobody knows
};

// Thread-safe.
class FileWatch {
 public:
  virtual ~FileWatch() = default;
  // These directories from now on, and no others. What cannot be watched is passed over.
  virtual void Watch(const std::set<std::string>& directories) = 0;
  // Stopped by the next change after this call, and by Wake().
  virtual std::stop_token NextChange() = 0;
  // What changed since the last call. A change is in here before it stops a token.
  virtual FileChanges TakeChanges() = 0;
  // Names, without their directories, of files that somebody has written into and not closed yet.
  virtual std::set<std::string> Unfinished() const = 0;
  virtual void Wake() = 0;
};

// Where the kernel tells nothing.
class BlindWatch final : public FileWatch {
 public:
  void Watch(const std::set<std::string>& /*directories*/) override {}
  std::stop_token NextChange() override {
    const absl::MutexLock lock(&mutex_);
    return wake_.get_token();
  }
  FileChanges TakeChanges() override { return {}; }
  std::set<std::string> Unfinished() const override { return {}; }
  void Wake() override {
    const absl::MutexLock lock(&mutex_);
    wake_.request_stop();
    wake_ = std::stop_source();
  }

 private:
  absl::Mutex mutex_;
  std::stop_source wake_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
