// SPDX-License-Identifier: Apache-2.0
// Following series: each sample once, in order, whatever becomes of chunks and series meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>

#include "storage/window/windows.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Timestamp kStart = 1'800'000'000'000;

Labels Load(int instance) {
  return Labels({{"__name__", "load"}, {"instance", std::to_string(instance)}});
}

AppendCounts Append(Windows* windows, const Labels& labels, const std::vector<Sample>& samples,
                    Timestamp now) {
  return windows->Append(std::vector<LabelView>(labels.begin(), labels.end()), samples,
                         Origin::kRemote, now);
}

const std::vector<Matcher>& LoadMatcher() {
  static const std::vector<Matcher> matchers = {Matcher::Equal("__name__", "load")};
  return matchers;
}

using Point = std::pair<Timestamp, double>;

// What a follower has got, by instance.
struct Follower {
  explicit Follower(const Windows& of) : windows(of) {}
  void Look() {
    const uint64_t now = windows.SeriesMade();
    if (made == now) return;
    made = now;
    for (const SeriesCursor& found : windows.Find(LoadMatcher())) {
      const bool known = std::ranges::any_of(
          cursors, [&](const SeriesCursor& cursor) { return cursor.birth == found.birth; });
      if (known) continue;
      cursors.push_back(found);
      names.emplace_back(windows.LabelsOf(found).Get("instance"));
    }
  }
  void Follow(Timestamp to) {
    Look();
    std::vector<bool> went(cursors.size());
    windows.Follow(cursors, to, [&](std::span<const FollowedSamples> batch) {
      for (const FollowedSamples& some : batch) {
        for (size_t i = 0; i < some.times.size(); ++i) {
          got[names[some.cursor]].emplace_back(some.times[i], some.values[i]);
        }
        late += some.late;
        went[some.cursor] = some.gone;
      }
    });
    for (size_t i = went.size(); i-- > 0;) {
      if (!went[i]) continue;
      ++gone;
      cursors.erase(cursors.begin() + static_cast<std::ptrdiff_t>(i));
      names.erase(names.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  const Windows& windows;
  uint64_t made = 0;
  std::vector<SeriesCursor> cursors;
  std::vector<std::string> names;
  std::map<std::string, std::vector<Point>> got;
  uint64_t late = 0;
  int gone = 0;
};

// What was made since a number is what is new among all: also when more were made than are
// remembered, and when an id was used again.
TEST(WindowsFeed, WhatWasMadeSinceIsFound) {
  Windows windows{WindowsOptions()};
  const auto births = [&](uint64_t since, size_t* all) {
    std::vector<uint64_t> found;
    for (const SeriesCursor& cursor : windows.FindMadeSince(LoadMatcher(), since, all)) {
      found.push_back(cursor.birth);
    }
    std::ranges::sort(found);
    return found;
  };
  const auto make = [&](int from, int count) {
    for (int i = from; i < from + count; ++i) {
      Append(&windows, Load(i), {{kStart, 1}}, kStart);
      Append(&windows, Load(i).With("__name__", "other"), {{kStart, 1}}, kStart);
    }
  };
  size_t all = 0;
  make(0, 3);
  const uint64_t three = windows.SeriesMade();
  EXPECT_THAT(births(0, &all), SizeIs(3));
  EXPECT_EQ(all, 3);
  EXPECT_THAT(births(three, &all), IsEmpty());
  EXPECT_EQ(all, 3);
  make(3, 2);
  EXPECT_THAT(births(three, &all), ElementsAre(three, three + 2));
  EXPECT_EQ(all, 5);
  make(5, static_cast<int>(RecentlyMade::kMost) / 2);
  EXPECT_THAT(births(three, &all), SizeIs(2 + RecentlyMade::kMost / 2));
  const uint64_t last = windows.SeriesMade();
  make(100'000, 1);
  EXPECT_THAT(births(last, &all), ElementsAre(last));
}

TEST(WindowsFeed, OneByOne) {
  Windows windows({});
  Follower follower(windows);
  follower.Follow(kStart);
  EXPECT_THAT(follower.got, IsEmpty());
  Append(&windows, Load(1), {{kStart, 1}}, kStart);
  Append(&windows, Labels({{"__name__", "other"}}), {{kStart, 9}}, kStart);
  follower.Follow(kStart);
  EXPECT_THAT(follower.got["1"], ElementsAre(Point{kStart, 1}));
  follower.Follow(kStart + 1);
  EXPECT_THAT(follower.got["1"], SizeIs(1));
  Append(&windows, Load(1), {{kStart + 1000, 2}}, kStart);
  Append(&windows, Load(2), {{kStart, 5}, {kStart + 1000, 6}}, kStart);
  follower.Follow(kStart + 1000);
  EXPECT_THAT(follower.got["1"], ElementsAre(Point{kStart, 1}, Point{kStart + 1000, 2}));
  EXPECT_THAT(follower.got["2"], ElementsAre(Point{kStart, 5}, Point{kStart + 1000, 6}));
}

TEST(WindowsFeed, WhatIsAheadWaits) {
  Windows windows({});
  Follower follower(windows);
  Append(&windows, Load(1), {{kStart, 1}, {kStart + 5000, 2}, {kStart + 6000, 3}}, kStart);
  follower.Follow(kStart);
  EXPECT_THAT(follower.got["1"], SizeIs(1));
  follower.Follow(kStart + 5000);
  EXPECT_THAT(follower.got["1"], SizeIs(2));
  follower.Follow(kStart + 5999);
  EXPECT_THAT(follower.got["1"], SizeIs(2));
  follower.Follow(kStart + 6000);
  EXPECT_THAT(follower.got["1"], SizeIs(3));
}

TEST(WindowsFeed, FromAGivenTime) {
  Windows windows({});
  for (int i = 0; i < 1000; ++i) {
    Append(&windows, Load(1), {{kStart + i * kSecond, static_cast<double>(i)}}, kStart + kHour);
  }
  std::vector<SeriesCursor> cursors = windows.Find(LoadMatcher());
  ASSERT_THAT(cursors, SizeIs(1));
  cursors[0].after = kStart + 900 * kSecond;
  std::vector<double> got;
  windows.Follow(cursors, kStart + kHour, [&](std::span<const FollowedSamples> batch) {
    for (const FollowedSamples& some : batch) {
      got.insert(got.end(), some.values.begin(), some.values.end());
    }
  });
  ASSERT_THAT(got, SizeIs(99));
  EXPECT_EQ(got.front(), 901);
  EXPECT_EQ(got.back(), 999);
}

// Of samples that would have to be decoded, the newest alone.
TEST(WindowsFeed, TheNewestWillDo) {
  Windows windows({});
  for (int i = 0; i < 130; ++i) {
    Append(&windows, Load(1), {{kStart + i * kSecond, static_cast<double>(i)}}, kStart + kHour);
  }
  std::vector<SeriesCursor> cursors = windows.Find(LoadMatcher());
  ASSERT_THAT(cursors, SizeIs(1));
  struct Case {
    Timestamp to;
    double newest;
    size_t at_most;  // samples
  };
  for (const Case& c : {Case{kStart + 99 * kSecond, 99, 100},  // what is newer is not wanted yet
                        Case{kStart + kHour, 129, 1}, Case{kStart + kHour, -1, 0}}) {
    std::vector<double> got;
    windows.FollowAs(SampleFeed::Want::kNewest, cursors, c.to,
                     [&](std::span<const FollowedSamples> batch) {
                       for (const FollowedSamples& some : batch) {
                         got.insert(got.end(), some.values.begin(), some.values.end());
                       }
                     });
    EXPECT_LE(got.size(), c.at_most);
    EXPECT_EQ(got.empty() ? -1 : got.back(), c.newest);
  }
}

// A rule takes back what came behind its first sample: chunks begin elsewhere then.
TEST(WindowsFeed, ATakeoverLosesNothing) {
  Windows windows(WindowsOptions{});
  Follower follower(windows);
  windows.BeginEpoch(1);
  const auto at = [](int i) { return kStart + i * 30 * kSecond; };
  for (int i = 0; i < 100; ++i) {
    if (i == 60) {
      windows.BeginEpoch(2);
      windows.SealOpenedBefore(2);
    }
    Append(&windows, Load(1), {{at(i), 1.0 * i}}, at(i));
  }
  follower.Follow(at(99));
  follower.got.clear();
  const Labels labels = Load(1);
  std::vector<Point> wanted;
  for (int i = 1; i <= 90; ++i) {
    const Sample sample = {at(90) + i * 4 * kSecond, 1000.0 + i};
    windows.Append(std::vector<LabelView>(labels.begin(), labels.end()), {&sample, 1},
                   Origin::kLocal, sample.time);
    if (sample.time > at(99)) wanted.emplace_back(sample.time, sample.value);
    if (i % 10 == 0) follower.Follow(sample.time);
  }
  EXPECT_EQ(follower.got["1"], wanted);
}

TEST(WindowsFeed, LateSamplesAreCountedAndPassedOver) {
  WindowsOptions options;
  options.late_window = 5 * kMinute;
  Windows windows(options);
  Follower follower(windows);
  Append(&windows, Load(1), {{kStart, 1}, {kStart + kMinute, 2}}, kStart);
  follower.Follow(kStart + kHour);
  EXPECT_EQ(
      Append(&windows, Load(1), {{kStart + kSecond, 7}, {kStart + 2 * kSecond, 8}}, kStart).late,
      2U);
  follower.Follow(kStart + kHour);
  EXPECT_THAT(follower.got["1"], SizeIs(2));
  EXPECT_EQ(follower.late, 2U);
  follower.Follow(kStart + kHour);
  EXPECT_EQ(follower.late, 2U);
}

TEST(WindowsFeed, AnIdThatIsUsedAgainIsAnotherSeries) {
  WindowsOptions options;
  options.retention = kHour;
  options.unreferenced_retention = kHour;
  Windows windows(options);
  Follower follower(windows);
  Append(&windows, Load(1), {{kStart, 1}}, kStart);
  follower.Follow(kStart);
  const SeriesCursor before = follower.cursors[0];
  Append(&windows, Labels({{"__name__", "other"}}), {{kStart + 2 * kHour, 9}}, kStart + 2 * kHour);
  windows.Expire();
  EXPECT_TRUE(windows.LabelsOf(before).empty());
  for (int i = 2; i < 300; ++i) {
    Append(&windows, Load(i), {{kStart + 2 * kHour, static_cast<double>(i)}}, kStart + 2 * kHour);
  }
  follower.Follow(kStart + 2 * kHour);
  EXPECT_EQ(follower.gone, 1);
  EXPECT_THAT(follower.got["1"], SizeIs(1));
  const bool id_is_used_again = std::ranges::any_of(
      follower.cursors, [&](const SeriesCursor& c) { return c.id == before.id; });
  EXPECT_TRUE(id_is_used_again) << "else this test shows nothing";
  for (int i = 2; i < 300; ++i) EXPECT_THAT(follower.got[std::to_string(i)], SizeIs(1)) << i;
}

// Chunks are sealed, samples come one or many at a time, looks are rare or frequent.
TEST(WindowsFeed, EachSampleOnceWhateverHappens) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    Windows windows({});
    Follower follower(windows);
    std::map<std::string, std::vector<Point>> sent;
    Timestamp now = kStart;
    for (int step = 0; step < 2000; ++step) {
      now += 1 + random() % 9000;
      const int instance = static_cast<int>(random() % 5);
      std::vector<Sample> samples;
      const auto count = static_cast<uint32_t>(random() % 8 == 0 ? random() % 150 : 1);
      for (uint32_t i = 0; i < count; ++i) {
        now += 1000;
        samples.push_back({now, static_cast<double>(random() % 1000) / (seed % 3 + 1)});
      }
      Append(&windows, Load(instance), samples, now);
      auto& all = sent[std::to_string(instance)];
      for (const Sample& sample : samples) all.emplace_back(sample.time, sample.value);
      if (random() % (seed % 7 + 1) == 0) follower.Follow(now);
    }
    follower.Follow(now);
    ASSERT_EQ(follower.got.size(), sent.size()) << "seed " << seed;
    for (const auto& [name, samples] : sent) {
      ASSERT_EQ(follower.got[name], samples) << "seed " << seed << " series " << name;
    }
  }
}

TEST(WindowsFeed, WhileOthersWrite) {
  Windows windows({});
  constexpr int kSamples = 20'000;
  Follower follower(windows);
  {
    const std::jthread writer([&] {
      for (int i = 0; i < kSamples; ++i) {
        Append(&windows, Load(i % 50), {{kStart + i * kSecond, static_cast<double>(i)}},
               kStart + i * kSecond);
      }
    });
    for (int i = 0; i < 200; ++i) follower.Follow(kStart + kSamples * kSecond);
  }
  follower.Follow(kStart + kSamples * kSecond);
  size_t got = 0;
  for (const auto& [name, samples] : follower.got) {
    got += samples.size();
    EXPECT_TRUE(std::ranges::is_sorted(samples));
  }
  EXPECT_EQ(got, size_t{kSamples});
}

}  // namespace
}  // namespace outrider
