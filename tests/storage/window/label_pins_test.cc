// SPDX-License-Identifier: Apache-2.0
// What a selection found stays readable while series come and go.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/window/series_index.h"
#include "storage/window/series_labels.h"

namespace outrider {
namespace {

void Add(SeriesIndex* index, uint32_t id, const Labels& labels) {
  index->Add(id, std::vector<LabelView>(labels.begin(), labels.end()));
}

Labels OfPod(int pod) { return Labels{{"__name__", "up"}, {"pod", "pod-" + std::to_string(pod)}}; }

TEST(LabelPins, KeepWhatWentAndThenLetItGo) {
  SeriesIndex index;
  Add(&index, 1, OfPod(1));
  Add(&index, 2, OfPod(2));
  MatchedSeries matched = index.MatchPinned({});
  ASSERT_EQ(matched.ids.size(), 2U);
  index.Remove(1);
  index.Remove(2);
  EXPECT_EQ(SeriesLabels(&index.table(), matched.pairs[0]).All(), OfPod(1));
  EXPECT_EQ(SeriesLabels(&index.table(), matched.pairs[1]).Get("pod"), "pod-2");
  EXPECT_EQ(index.Stats().label_pairs, 3U);
  matched = {};
  Add(&index, 3, OfPod(3));
  index.Remove(3);
  EXPECT_EQ(index.Stats().label_pairs, 0U);
  EXPECT_EQ(index.Stats().label_names, 0U);
  EXPECT_EQ(index.Stats().text_bytes, 0U);
}

// Equal labels have equal numbers within everything one pin has seen.
TEST(LabelPins, ALabelThatComesBackIsTheSame) {
  SeriesIndex index;
  Add(&index, 1, OfPod(1));
  const MatchedSeries before = index.MatchPinned({});
  index.Remove(1);
  Add(&index, 1, OfPod(1));
  const MatchedSeries after = index.MatchPinned({});
  const SeriesLabels a(&index.table(), before.pairs[0]);
  const SeriesLabels b(&index.table(), after.pairs[0]);
  EXPECT_TRUE(std::equal(a.pairs().begin(), a.pairs().end(), b.pairs().begin(), b.pairs().end()));
}

// Given up, used again, given up again: an earlier reader's end must not free what a later one saw.
TEST(LabelPins, GivenUpTwice) {
  SeriesIndex index;
  Add(&index, 1, OfPod(1));
  MatchedSeries first = index.MatchPinned({});
  index.Remove(1);
  Add(&index, 2, OfPod(1));
  const MatchedSeries second = index.MatchPinned({});
  index.Remove(2);
  first = {};
  Add(&index, 3, OfPod(9));
  index.Remove(3);  // frees what it can
  Add(&index, 4, OfPod(8));
  EXPECT_EQ(SeriesLabels(&index.table(), second.pairs[0]).All(), OfPod(1));
}

// For TSan: readers without a lock beside a writer.
TEST(LabelPins, ReadersBesideChurn) {
  SeriesIndex index;
  for (uint32_t id = 0; id < 50; ++id) Add(&index, id, OfPod(static_cast<int>(id)));
  std::atomic<bool> done{false};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const MatchedSeries matched = index.MatchPinned({});
        for (size_t s = 0; s < matched.ids.size(); ++s) {
          const SeriesLabels labels(&index.table(), matched.pairs[s]);
          EXPECT_EQ(labels.MetricName(), "up");
          EXPECT_TRUE(labels.All().Get("pod").starts_with("pod-"));
        }
      }
    });
  }
  for (int round = 1; round < 300; ++round) {
    for (uint32_t id = 0; id < 50; ++id) {
      index.Remove(id);
      Add(&index, id, OfPod(round * 50 + static_cast<int>(id)));
    }
  }
  done = true;
}

}  // namespace
}  // namespace outrider
