// SPDX-License-Identifier: Apache-2.0
// What trends cost beside the ingestion of the same samples: `trend_cost [SERIES [STEPS [EVERY]]]`
// sends SERIES series (100,000) every 15 s of virtual time through remote write 1.0, log and
// windows, with an entry over a plain selector and all seven windows, and prints the process' CPU
// per sample of each part. With a third argument nothing is reported: samples are only taken into
// the windows of the trends, once in so many steps. The first ten steps, in which series and
// derived series are made, are not counted.
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "exporter/ingest/encode_v1.h"
#include "exporter/ingest/ingest_store.h"
#include "fmt/format.h"
#include "rules/analytics/analytics_engine.h"
#include "rules/analytics/analytics_file.h"
#include "rules/analytics/series_follower.h"
#include "rules/analytics/trend.h"
#include "storage/base/random.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr int kBatch = 2000;
constexpr int kWarmUp = 10;
constexpr Timestamp kStart = 1'800'000'000'000;

class BodyRequest final : public HttpRequest {
 public:
  explicit BodyRequest(const std::string& body) : body_(body) { method = "POST"; }
  std::string Header(std::string_view) const override { return ""; }
  bool HasHeader(std::string_view) const override { return false; }
  StatusOr<std::string> ReadBody(size_t) override { return body_; }

 private:
  const std::string& body_;
};

std::vector<std::string> Bodies(const std::vector<Labels>& labels, Timestamp time,
                                SeededRandom& random) {
  std::vector<std::string> bodies;
  std::vector<LabeledSample> samples;
  for (const Labels& series : labels) {
    samples.push_back({series, {time, static_cast<double>(random.Next() % 100'000) / 8}});
    if (samples.size() < kBatch) continue;
    bodies.push_back(EncodeWriteRequest(samples));
    samples.clear();
  }
  if (!samples.empty()) bodies.push_back(EncodeWriteRequest(samples));
  return bodies;
}

// The rings of trends and nothing else: no report, no table.
class Rings final : public SeriesFollower::Owner {
 public:
  explicit Rings(const Entry& entry) : entry_(entry) {}
  Admission Admit(const Labels& /*labels*/, uint32_t /*feed*/) override {
    rings_.push_back(TrendDetector::Create(entry_));
    return {static_cast<uint32_t>(rings_.size() - 1), kNoTime};
  }
  void Take(uint32_t slot, std::span<const Timestamp> times,
            std::span<const double> values) override {
    for (size_t i = 0; i < times.size(); ++i) rings_[slot]->Observe(times[i], values[i]);
  }
  void Moved(uint32_t /*slot*/, uint32_t /*feed*/) override {}

 private:
  const Entry& entry_;
  std::vector<std::unique_ptr<Detector>> rings_;
};

double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

size_t HeapBytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

struct Parts {
  double ingest = 0;
  double run = 0;
  double publish = 0;
};

int Run(int series, int steps, int follow_every) {
  std::vector<Labels> labels;
  for (int i = 0; i < series; ++i) {
    labels.push_back(Labels::FromMap({{"__name__", "process_resident_memory_bytes"},
                                      {"instance", fmt::format("10.0.{}.{}:80", i >> 8, i & 255)},
                                      {"job", fmt::format("job-{}", i % 41)},
                                      {"namespace", fmt::format("namespace-{}", i % 97)}}));
  }
  const auto file = ParseAnalyticsFile(
      "entries:\n- {name: t, kind: trend, expr: process_resident_memory_bytes, max_series: "
      "1000000}\n",
      "trend_cost.yml");
  if (!file.ok()) return 1;
  const std::string path =
      (std::filesystem::temp_directory_path() / "outrider_trend_cost").string();
  std::filesystem::remove_all(path);
  FakeClock clock(kStart * kNanosPerMilli);
  SeededRandom random(1);
  auto store = IngestStore::Open({.path = path}, clock, random);
  if (!store.ok() || !(*store)->Load({}).ok()) return 1;
  const promql::Engine promql(promql::EngineOptions(), clock);
  DerivedTable table;
  const AnalyticsOptions options;
  const AnalyticsSeams seams = {.engine = promql,
                                .querier = (*store)->windows(),
                                .table = table,
                                .feed = &(*store)->windows()};
  AnalyticsEngine engine(file->entries, options, seams);
  Rings rings(file->entries.front());
  SeriesFollower follower(file->entries.front().compiled->Selectors(0).front().matchers,
                          (*store)->windows());
  const size_t heap_before = HeapBytes();
  Parts parts;
  double mark = 0;
  auto lap = [&](double* part, int step) {
    const double now = CpuSeconds();
    if (step >= kWarmUp) *part += now - mark;
    mark = now;
  };
  for (int step = 0; step < kWarmUp + steps; ++step) {
    const Timestamp now = kStart + step * 15 * kSecond;
    clock.Set(now * kNanosPerMilli);
    const std::vector<std::string> bodies = Bodies(labels, now, random);
    mark = CpuSeconds();
    for (const std::string& body : bodies) {
      BodyRequest request(body);
      if ((*store)->receiver().Handle(request).status != 204) return 1;
    }
    lap(&parts.ingest, step);
    if (follow_every == 0) {
      engine.Run(now);
    } else if (step % follow_every == 0) {
      follower.Follow(now, kHour, rings);
    }
    lap(&parts.run, step);
    table.Flush((*store)->appender(), now);
    lap(&parts.publish, step);
  }
  const double samples = static_cast<double>(series) * steps;
  std::printf("%d series, %d steps, %zu derived series; ns of CPU per sample of the source\n",
              series, steps, table.size());
  std::printf("ingestion            %8.0f\n", parts.ingest / samples * 1e9);
  std::printf("reading and trends   %8.0f  (%.0f %% of ingestion)\n", parts.run / samples * 1e9,
              100 * parts.run / parts.ingest);
  std::printf("into the windows     %8.0f  (%.0f %%)\n", parts.publish / samples * 1e9,
              100 * parts.publish / parts.ingest);
  std::printf("heap, all together   %8.0f bytes a series\n",
              static_cast<double>(HeapBytes() - heap_before) / series);
  std::filesystem::remove_all(path);
  return 0;
}

}  // namespace
}  // namespace outrider

int main(int argc, char** argv) {
  return outrider::Run(argc > 1 ? std::atoi(argv[1]) : 100'000, argc > 2 ? std::atoi(argv[2]) : 20,
                       argc > 3 ? std::atoi(argv[3]) : 0);
}
