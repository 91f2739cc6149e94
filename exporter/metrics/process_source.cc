// SPDX-License-Identifier: Apache-2.0
// process_*: the standard metrics of client libraries, from /proc.
#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <optional>

#include "exporter/metrics/sources.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Fields of /proc/self/stat, counted from 1 as in proc(5).
constexpr size_t kUserTicks = 14;
constexpr size_t kSystemTicks = 15;
constexpr size_t kThreads = 20;
constexpr size_t kStartTicks = 22;
constexpr size_t kVirtualBytes = 23;
constexpr size_t kResidentPages = 24;

// The second field is the command in parentheses and may hold blanks: counting starts behind it.
class StatFields {
 public:
  explicit StatFields(std::string text) : text_(std::move(text)) {
    const size_t close = text_.rfind(')');
    if (close != std::string::npos) fields_ = Split(std::string_view(text_).substr(close + 2), ' ');
  }
  double Number(size_t field) const {
    const size_t index = field - 3;
    return index < fields_.size() ? ParseDouble(Trim(fields_[index])).value_or(0) : 0;
  }
  bool empty() const { return fields_.empty(); }

 private:
  std::string text_;
  std::vector<std::string_view> fields_;
};

// When the machine booted, in Unix seconds.
std::optional<double> BootTime() {
  const StatusOr<std::string> text = ReadFile("/proc/stat");
  if (!text.ok()) return std::nullopt;
  for (std::string_view line : Split(*text, '\n')) {
    if (!line.starts_with("btime ")) continue;
    const StatusOr<double> seconds = ParseDouble(Trim(line.substr(6)));
    if (seconds.ok()) return *seconds;
  }
  return std::nullopt;
}

std::optional<double> OpenFiles() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return std::nullopt;
  double count = -3;  // `.`, `..` and the directory itself
  // NOLINTNEXTLINE(concurrency-mt-unsafe): readdir is safe with a stream of its own.
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

void WriteStat(const StatFields& stat, MetricSink& sink) {
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  sink.Counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {},
               (stat.Number(kUserTicks) + stat.Number(kSystemTicks)) / ticks);
  sink.Gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", {},
             stat.Number(kVirtualBytes));
  sink.Gauge("process_resident_memory_bytes", "Resident memory size in bytes.", {},
             stat.Number(kResidentPages) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  sink.Gauge("process_threads", "Number of OS threads in the process.", {}, stat.Number(kThreads));
  if (const std::optional<double> boot = BootTime()) {
    sink.Gauge("process_start_time_seconds",
               "Start time of the process since unix epoch in seconds.", {},
               *boot + stat.Number(kStartTicks) / ticks);
  }
}

}  // namespace

void WriteProcessMetrics(MetricSink& sink) {
  StatusOr<std::string> text = ReadFile("/proc/self/stat");
  if (text.ok()) {
    const StatFields stat(*std::move(text));
    if (!stat.empty()) WriteStat(stat, sink);
  }
  if (const std::optional<double> open = OpenFiles()) {
    sink.Gauge("process_open_fds", "Number of open file descriptors.", {}, *open);
  }
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    sink.Gauge("process_max_fds", "Maximum number of open file descriptors.", {},
               static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace outrider
