// SPDX-License-Identifier: Apache-2.0
// What machines, process groups and the like use: sums over several series of one time. A time
// counts only when every series has its sample, so that half a scrape is not taken for an idle
// machine. What two jobs tell of one instance counts once. Source: specs/cost_and_rightsizing.md
// §4.3.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "rules/capacity/pod_table.h"
#include "rules/capacity/series_stream.h"
#include "rules/capacity/use_sink.h"
#include "rules/capacity/workload_source.h"
#include "storage/window/retention_plan.h"

namespace outrider {

// Not thread-safe.
class MachineStream {
 public:
  // All but the sources outlive the stream.
  MachineStream(const std::vector<WorkloadSource>& sources, const SampleFeed& feed, PodTable& pods,
                UseSink& sink);
  ~MachineStream();

  // Of series that are new what came after `since` is used.
  void Find(Timestamp now, Timestamp since);
  void Follow(Timestamp to);
  size_t series() const;

  static std::vector<SeriesReference> Reach(const std::vector<WorkloadSource>& sources,
                                            DurationMs horizon);

 private:
  // How a series counts in its sum.
  enum class Role : uint8_t { kCpu, kIdleCpu, kMemory, kTotalMemory, kFreeMemory };
  struct Series {
    uint32_t group = kNoSlot;
    Role role = Role::kCpu;
    Timestamp first = kNoTime;  // its sums begin behind this
    Timestamp last = kNoTime;
    Timestamp ended = kNoTime;  // its sums end here; kNoTime: it goes on
    double value = 0;
  };
  struct Sum {
    Timestamp time = 0;
    double value = 0;
    uint32_t arrived = 0;
  };
  // One resource of one workload on one instance, as one job tells it.
  struct Group {
    uint32_t container = kNoSlot;
    UseKind kind = UseKind::kCpu;
    bool changed = false;
    std::vector<uint32_t> series;
    std::vector<Sum> sums;  // by time; those that are not complete yet
    std::string key;
  };
  class Stream;

  SeriesStream::Owner::Admission Admit(const WorkloadSource& source, Role role,
                                       const Labels& labels);
  void Take(uint32_t slot, std::span<const Timestamp> times, std::span<const double> values);
  void Leave(uint32_t slot);
  uint32_t GroupFor(const WorkloadKey& workload, std::string_view instance, UseKind kind,
                    std::string_view job);
  void Add(Timestamp time, double value, Group* group);
  void Complete(uint32_t number);
  size_t Expected(const Group& group, Timestamp time) const;
  void TellSize(const Group& group);

  PodTable& pods_;
  UseSink& sink_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<Series> series_;
  std::vector<uint32_t> free_series_;
  std::vector<Group> groups_;
  std::vector<uint32_t> free_groups_;
  absl::flat_hash_map<std::string, uint32_t> group_of_;
  std::vector<uint32_t> changed_;  // groups with new samples
  std::vector<Sample> points_;
  Timestamp since_ = kNoTime;  // of Find()
};

}  // namespace outrider
