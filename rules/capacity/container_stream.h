// SPDX-License-Identifier: Apache-2.0
// What containers use, from cAdvisor's series as they come: of the kubelet's /metrics/cadvisor and
// /metrics/resource, which have the same names, of several scrapers, of one container's restarts.
// Source: specs/cost_and_rightsizing.md §4.1.
#pragma once

#include <vector>

#include "rules/capacity/pod_table.h"
#include "rules/capacity/series_stream.h"
#include "rules/capacity/use_sink.h"
#include "storage/window/retention_plan.h"

namespace outrider {

// The names in a series of cAdvisor; false: it is of no container (a pod's cgroup, the pause
// container, a machine's cgroups) or of one CPU.
struct ContainerNames {
  std::string_view cluster;
  std::string_view namespace_name;
  std::string_view pod;
  std::string_view container;
};
bool ReadContainerNames(const Labels& labels, ContainerNames* names);
// By name alone: a matcher that looks into labels costs more, each time new series are looked for,
// than to refuse the others once.
std::vector<Matcher> ContainerMatchers(std::string_view metric);

// Not thread-safe.
class ContainerStream {
 public:
  // All outlive the stream.
  ContainerStream(const SampleFeed& feed, PodTable& pods, UseSink& sink);

  // Of series that are new what came after `since` is used.
  void Find(Timestamp now, Timestamp since);
  void Follow(Timestamp to);
  // SeriesStream::OldestUnread().
  Timestamp OldestUnread(Timestamp to);
  size_t series() const { return cpu_.stream.size() + memory_.stream.size(); }
  uint64_t samples() const { return samples_; }  // looked at so far
  size_t HeapBytes() const;

  static std::vector<SeriesReference> Reach(DurationMs horizon);

 private:
  struct Series {
    uint32_t container = kNoSlot;
    Timestamp time = kNoTime;  // of the counter's last value
    double value = 0;
  };
  struct Kind final : SeriesStream::Owner {
    Kind(ContainerStream& owner, UseKind the_kind, const SampleFeed& feed);
    Admission Admit(const Labels& labels) override { return parent.Admit(labels); }
    void Take(uint32_t slot, double* /*memo*/, std::span<const Timestamp> times,
              std::span<const double> values) override {
      parent.Take(kind, slot, times, values);
    }
    void Prefetch(uint32_t slot, Near near) const override { parent.Prefetch(kind, slot, near); }
    void Gone(uint32_t slot, double /*memo*/) override { parent.Leave(slot); }
    ContainerStream& parent;
    UseKind kind;
    SeriesStream stream;
  };
  SeriesStream::Owner::Admission Admit(const Labels& labels);
  void Take(UseKind kind, uint32_t slot, std::span<const Timestamp> times,
            std::span<const double> values);
  void Leave(uint32_t slot);
  void Prefetch(UseKind kind, uint32_t slot, SeriesStream::Owner::Near near) const;
  // The cores used since the counter's last value; negative: there is none to compare with.
  static double Rate(Timestamp time, double value, Container* container, Series* series);

  PodTable& pods_;
  UseSink& sink_;
  Kind cpu_;
  Kind memory_;
  std::vector<Series> series_;
  std::vector<uint32_t> free_;
  std::vector<Sample> points_;
  Timestamp since_ = kNoTime;  // of Find()
  uint64_t samples_ = 0;
};

}  // namespace outrider
