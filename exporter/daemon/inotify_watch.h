// SPDX-License-Identifier: Apache-2.0
// FileWatch by the kernel's inotify: files that are written, renamed, linked, made or removed.
// Network file systems do not report what other machines do there.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "exporter/daemon/file_watch.h"
#include "storage/base/status.h"

namespace outrider {

class InotifyWatch final : public FileWatch {
 public:
  static StatusOr<std::unique_ptr<InotifyWatch>> Open();
  ~InotifyWatch() override;
  InotifyWatch(const InotifyWatch&) = delete;
  InotifyWatch& operator=(const InotifyWatch&) = delete;

  void Watch(const std::set<std::string>& directories) override;
  std::stop_token NextChange() override;
  FileChanges TakeChanges() override;
  std::set<std::string> Unfinished() const override;
  void Wake() override;

 private:
  InotifyWatch(int inotify, int wake);
  void Read(const std::stop_token& stop);
  void Take(int directory, uint32_t mask, const std::string& name);

  const int inotify_;  // file descriptors, owned
  const int wake_;     // readable: the thread is to end
  mutable absl::Mutex mutex_;
  std::set<int> directories_ ABSL_GUARDED_BY(mutex_);  // by the kernel's numbers
  std::set<std::pair<int, std::string>> written_ ABSL_GUARDED_BY(mutex_);  // and not closed
  FileChanges changes_ ABSL_GUARDED_BY(mutex_);
  bool complained_ ABSL_GUARDED_BY(mutex_) = false;
  std::stop_source change_ ABSL_GUARDED_BY(mutex_);
  std::jthread reader_;  // last: uses the rest
};

}  // namespace outrider
