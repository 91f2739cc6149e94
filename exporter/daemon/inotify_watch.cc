// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/inotify_watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "storage/base/file.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr uint32_t kMask = IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                           IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
// At least one event with the longest name.
constexpr size_t kBuffer = 16'384;

}  // namespace

StatusOr<std::unique_ptr<InotifyWatch>> InotifyWatch::Open() {
  const int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify < 0) return absl::UnavailableError("inotify: " + ErrnoText(errno));
  const int wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake < 0) {
    const int error = errno;
    close(inotify);
    return absl::UnavailableError("eventfd: " + ErrnoText(error));
  }
  return std::unique_ptr<InotifyWatch>(new InotifyWatch(inotify, wake));
}

InotifyWatch::InotifyWatch(int inotify, int wake)
    : inotify_(inotify),
      wake_(wake),
      reader_([this](const std::stop_token& stop) { Read(stop); }) {}

InotifyWatch::~InotifyWatch() {
  reader_.request_stop();
  const uint64_t one = 1;
  if (write(wake_, &one, sizeof one) < 0) LogWarn("eventfd: " + ErrnoText(errno));
  reader_.join();
  close(wake_);
  close(inotify_);
}

void InotifyWatch::Watch(const std::set<std::string>& directories) {
  const absl::MutexLock lock(&mutex_);
  std::set<int> now;
  for (const std::string& directory : directories) {
    const int number = inotify_add_watch(inotify_, directory.c_str(), kMask);
    if (number >= 0) {
      now.insert(number);
    } else if (errno == ENOSPC && !complained_) {
      complained_ = true;
      LogWarn("the kernel watches no more directories (fs.inotify.max_user_watches)",
              {{"directory", directory}});
    }
  }
  for (const int number : directories_) {
    if (!now.contains(number)) inotify_rm_watch(inotify_, number);  // may be gone already
  }
  directories_ = std::move(now);
  std::erase_if(written_, [&](const auto& file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !directories_.contains(file.first);
  });
}

std::stop_token InotifyWatch::NextChange() {
  const absl::MutexLock lock(&mutex_);
  return change_.get_token();
}

FileChanges InotifyWatch::TakeChanges() {
  const absl::MutexLock lock(&mutex_);
  return std::exchange(changes_, {});
}

std::set<std::string> InotifyWatch::Unfinished() const {
  const absl::MutexLock lock(&mutex_);
  std::set<std::string> names;
  for (const auto& [directory, name] : written_) names.insert(name);
  return names;
}

void InotifyWatch::Wake() {
  std::stop_source change;
  {
    const absl::MutexLock lock(&mutex_);
    std::swap(change, change_);
  }
  change.request_stop();  // runs callbacks: not under the lock
}

void InotifyWatch::Take(int directory, uint32_t mask, const std::string& name) {
  const absl::MutexLock lock(&mutex_);
  const bool lost = (mask & IN_Q_OVERFLOW) != 0;  // of no directory
  if ((mask & (IN_MODIFY | IN_CLOSE_WRITE)) != 0) {
    changes_.written.insert(name);
  } else if (lost || directories_.contains(directory)) {
    changes_.others = true;
  }
  if ((mask & IN_MODIFY) != 0) {
    written_.emplace(directory, name);
  } else if ((mask & (IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)) != 0) {
    written_.erase({directory, name});
  } else if ((mask & IN_IGNORED) != 0) {
    std::erase_if(written_, [&](const auto& file) { return file.first == directory; });
  }
}

void InotifyWatch::Read(const std::stop_token& stop) {
  alignas(inotify_event) std::array<char, kBuffer> buffer{};
  while (!stop.stop_requested()) {
    std::array<pollfd, 2> waits = {{{inotify_, POLLIN, 0}, {wake_, POLLIN, 0}}};
    poll(waits.data(), waits.size(), -1);
    const ssize_t size = read(inotify_, buffer.data(), buffer.size());
    for (ssize_t at = 0; at < size;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      // Padded with zeros, so that it ends at the first.
      const char* name = event.len > 0 ? buffer.data() + at + sizeof event : "";
      Take(event.wd, event.mask, name);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
    if (size > 0) Wake();
  }
}

}  // namespace outrider
