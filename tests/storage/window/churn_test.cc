// SPDX-License-Identifier: Apache-2.0
// Short-lived series: senders without stale markers make new ones and never say that the old ones
// ended. What is held must follow what lives, not what ever lived.
#include <gtest/gtest.h>
#include <malloc.h>

#include "storage/window/series_identity.h"
#include "storage/window/windows.h"
#include "tests/support/append_row.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OUTRIDER_HEAP_IS_COUNTED 0  // mallinfo2 knows only glibc's own heap
#else
#define OUTRIDER_HEAP_IS_COUNTED 1
#endif

namespace outrider {
namespace {

constexpr Timestamp kNow = 1'800'000'000'000;
constexpr int kWave = 5000;  // series that live at the same time
constexpr int kSamples = 8;  // of each
constexpr DurationMs kWaveEvery = 2 * kHour;

// Chunk files that take everything.
class Sink final : public ChunkSink {
 public:
  Status Write(std::string_view, Timestamp) override { return absl::OkStatus(); }
};

size_t HeapBytes() { return OUTRIDER_HEAP_IS_COUNTED ? mallinfo2().uordblks : 0; }

// Labels as a pod's container has them: most are shared, three are its own.
Labels PodLabels(int wave, int i) {
  const std::string pod = "web-" + std::to_string(wave) + "-" + std::to_string(i / 4);
  return Labels{{"__name__", "container_metric_" + std::to_string(i % 4)},
                {"cluster", "demo"},
                {"container", "web"},
                {"id", "/kubepods/burstable/" + pod},
                {"instance", "10.0." + std::to_string(i % 50) + ".1:10250"},
                {"job", "kubelet"},
                {"namespace", "shop"},
                {"pod", pod}};
}

class Churn {
 public:
  // One wave of pods lives for four minutes, with a sample every 30 s, written under a sender's
  // key.
  void Wave(int wave) {
    for (int step = 0; step < kSamples; ++step) {
      const Timestamp now = kNow + wave * kWaveEvery + step * 30 * kSecond;
      for (int i = 0; i < kWave; ++i) {
        const Labels labels = PodLabels(wave, i);
        const std::vector<LabelView> views(labels.begin(), labels.end());
        const Hash128 key = IdentityOf(views, 4711);  // some key of the sender's
        const Sample sample{now, static_cast<double>(step * i) / 8};
        AppendRow(&windows, {.labels = views, .samples = {&sample, 1}, .key = key}, now);
      }
    }
    windows.Expire();
    ASSERT_TRUE(windows.FlushSealed(&sink).ok());
  }

  Windows windows{{.retention = kDay, .unreferenced_retention = 6 * kHour, .seed = 1}};
  Sink sink;
};

TEST(Churn, MemoryFollowsWhatLives) {
  const size_t before = HeapBytes();
  Churn churn;
  constexpr int kWaves = 40;              // 200,000 series in 80 hours
  constexpr uint64_t kAlive = 4 * kWave;  // waves of the last six hours
  size_t full = 0;
  for (int wave = 0; wave < kWaves; ++wave) {
    churn.Wave(wave);
    const WindowsStats stats = churn.windows.Stats();
    ASSERT_LE(stats.series, kAlive);
    // A pod and an id for four series each, and the shared ones.
    ASSERT_LE(stats.index.label_pairs, kAlive / 2 + 100);
    ASSERT_LE(stats.samples, kAlive * kSamples);
    ASSERT_LE(stats.index.text_bytes, kAlive / 2 * 40 + 5000);
    if (wave == 11) full = HeapBytes();
  }
  const size_t now = HeapBytes();
  const WindowsStats stats = churn.windows.Stats();
  EXPECT_EQ(stats.series_created, 200'000U);
  EXPECT_EQ(stats.series_removed, 200'000U - stats.series);
#if OUTRIDER_HEAP_IS_COUNTED
  EXPECT_LE(now - before, (full - before) * 21 / 20);  // what grows with every wave would be 3x
#else
  EXPECT_EQ(now, full + before);
#endif
}

TEST(Churn, WhenTheLastWaveIsOverLittleIsLeft) {
  const size_t before = HeapBytes();
  Churn churn;
  for (int wave = 0; wave < 5; ++wave) churn.Wave(wave);
  const size_t full = HeapBytes() - before;
  const Labels clock{{"__name__", "clock"}};
  const Timestamp later = kNow + 5 * kWaveEvery + 7 * kHour;
  const Sample sample{later, 1};
  churn.windows.Append(std::vector<LabelView>(clock.begin(), clock.end()), {&sample, 1},
                       Origin::kRemote, later);
  churn.windows.Expire();
  const WindowsStats stats = churn.windows.Stats();
  EXPECT_EQ(stats.series, 1U);
  EXPECT_EQ(stats.index.label_pairs, 1U);
  EXPECT_EQ(stats.chunk_bytes, stats.open_chunks * stats.chunk_bytes);
  // Slots, label pairs and tables are kept for the next ones.
  EXPECT_LE(HeapBytes() - before, full * 3 / 4);
}

}  // namespace
}  // namespace outrider
