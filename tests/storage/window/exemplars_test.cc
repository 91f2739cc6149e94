// SPDX-License-Identifier: Apache-2.0
#include "storage/window/exemplars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum ExemplarVerdict;

constexpr Timestamp kEver = std::numeric_limits<Timestamp>::max();

const Labels kSeries{{"__name__", "m"}, {"job", "a"}};
const Labels kOther{{"__name__", "m"}, {"job", "b"}};

Exemplar Of(Timestamp time, double value, const std::string& trace = "t") {
  return {Labels{{"trace_id", trace}}, value, time};
}

const std::vector<std::vector<Matcher>> kAll(1);

// Adds exemplars of these times, which must all be taken.
void AddAll(ExemplarStore* store, const Labels& series, const std::vector<Timestamp>& times) {
  for (const Timestamp time : times) EXPECT_EQ(store->Add(series, Of(time, 0.5)), kAdded) << time;
}

std::vector<Timestamp> Times(const ExemplarStore& store, const char* job, Timestamp from = -kEver,
                             Timestamp to = kEver) {
  const std::vector<std::vector<Matcher>> sets = {{Matcher::Equal("job", job)}};
  std::vector<Timestamp> times;
  for (const ExemplarSeries& one : store.Select(sets, from, to)) {
    for (const Exemplar& exemplar : one.exemplars) times.push_back(exemplar.time);
  }
  return times;
}

TEST(Exemplars, RulesOfOneSeries) {
  struct Step {
    const char* what;
    Exemplar exemplar;
    ExemplarVerdict verdict;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Step steps[] = {
      {"first", Of(10, 1), kAdded},
      {"the same again", Of(10, 1), kDuplicate},
      {"another value at that time", Of(10, 2), kAdded},
      {"other labels at that time", Of(10, 2, "u"), kAdded},
      {"all of that time again", Of(10, 1), kDuplicate},
      {"older", Of(9, 1), kOutOfOrder},
      {"newer", Of(11, nan), kAdded},
      {"NaN again", Of(11, nan), kDuplicate},
      {"what once was a duplicate", Of(10, 1), kOutOfOrder},
      {"without labels", {Labels(), 1, 12}, kAdded},
      {"not text", Of(13, 1, "\xff"), kBadUtf8},
      {"too long", Of(13, 1, std::string(121, 'x')), kTooLong},
      {"as long as may be", Of(13, 1, std::string(120, 'x')), kAdded},
  };
  ExemplarStore store;
  for (const Step& one : steps)
    EXPECT_EQ(store.Add(kSeries, one.exemplar), one.verdict) << one.what;
  EXPECT_EQ(store.Add(kOther, Of(1, 1)), kAdded);  // series do not hinder each other
  EXPECT_THAT(Times(store, "a"), ElementsAre(10, 10, 10, 11, 12, 13));
  std::string runes;  // are counted, not bytes
  for (int i = 0; i < 120; ++i) runes += "ß";
  EXPECT_EQ(store.Add(kOther, Of(2, 1, runes)), kAdded);
  EXPECT_EQ(store.Add(kOther, Of(3, 1, runes + "s")), kTooLong);
}

TEST(Exemplars, Select) {
  ExemplarStore store;
  AddAll(&store, kOther, {1, 2, 3, 4});
  AddAll(&store, kSeries, {10, 20, 30, 40});
  const std::vector<ExemplarSeries> all = store.Select(kAll, -kEver, kEver);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].series, kSeries);
  EXPECT_EQ(all[1].series, kOther);
  EXPECT_EQ(all[1].exemplars.at(0).labels, (Labels{{"trace_id", "t"}}));
  EXPECT_EQ(all[1].exemplars.at(0).value, 0.5);
}

TEST(Exemplars, SelectByTimeAndMatchers) {
  ExemplarStore store;
  AddAll(&store, kOther, {1, 2, 3, 4});
  AddAll(&store, kSeries, {10, 20, 30, 40});
  EXPECT_THAT(Times(store, "b", 2, 3), ElementsAre(2, 3));
  EXPECT_THAT(Times(store, "b", 5, 9), IsEmpty());
  EXPECT_EQ(store.Select(kAll, 4, 9).size(), 1U);  // series without any are left out
  EXPECT_THAT(store.Select({}, -kEver, kEver), IsEmpty());
  const std::vector<std::vector<Matcher>> two = {
      {Matcher::Equal("job", "b"), Matcher::Equal("__name__", "other")},
      {Matcher::Equal("job", "a")}};
  EXPECT_EQ(store.Select(two, -kEver, kEver).size(), 1U);
}

TEST(Exemplars, TheFirstGiveWay) {
  ExemplarStore store({.max_exemplars = 3});
  AddAll(&store, kSeries, {1});
  AddAll(&store, kOther, {50});
  AddAll(&store, kSeries, {2, 3});
  EXPECT_THAT(Times(store, "a"), ElementsAre(2, 3));
  EXPECT_EQ(store.Stats().series, 2U);
  AddAll(&store, kSeries, {4});
  EXPECT_EQ(store.Stats().series, 1U);
  EXPECT_EQ(store.Stats().exemplars, 3U);
  EXPECT_EQ(store.Stats().oldest, 2);
  EXPECT_EQ(store.Stats().bytes, kSeries.packed().size() + 3 * Of(1, 1).labels.packed().size());
}

TEST(Exemplars, WhatGaveWayIsForgotten) {
  ExemplarStore store({.max_exemplars = 3});
  AddAll(&store, kOther, {50});
  AddAll(&store, kSeries, {1, 2, 3});
  AddAll(&store, kOther, {1});  // the newer one is gone
  for (Timestamp t = 100; t < 1000; ++t) AddAll(&store, t % 2 == 1 ? kSeries : kOther, {t});
  EXPECT_THAT(Times(store, "a"), ElementsAre(997, 999));
  EXPECT_THAT(Times(store, "b"), ElementsAre(998));
}

TEST(Exemplars, MemoryIsLimited) {
  const size_t one = Of(1, 1).labels.packed().size();
  ExemplarStore store({.max_exemplars = 100, .max_bytes = kSeries.packed().size() + 2 * one});
  AddAll(&store, kSeries, {1, 2, 3});
  EXPECT_THAT(Times(store, "a"), ElementsAre(2, 3));
  const Labels huge{{"__name__", std::string(1000, 'x')}};
  EXPECT_EQ(store.Add(huge, Of(1, 1)), kAdded);  // and out again at once
  EXPECT_EQ(store.Stats().exemplars, 0U);
  EXPECT_EQ(store.Stats().bytes, 0U);
  EXPECT_EQ(store.Add(kSeries, Of(1, 1)), kAdded);
}

TEST(Exemplars, Disabled) {
  ExemplarStore store({.max_exemplars = 0});
  EXPECT_EQ(store.Add(kSeries, Of(1, 1)), kDisabled);
  EXPECT_THAT(store.Select(kAll, -kEver, kEver), IsEmpty());
  EXPECT_EQ(ReasonOf(kDisabled), "disabled");
  EXPECT_EQ(ReasonOf(kOutOfOrder), "out_of_order");
}

TEST(ExemplarsConcurrency, WritersAndReaders) {
  ExemplarStore store({.max_exemplars = 50});
  std::vector<std::jthread> threads;
  threads.reserve(3);
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&store, t] {
      const Labels series{{"__name__", "m"}, {"job", std::to_string(t)}};
      for (int i = 0; i < 1000; ++i) {
        AddAll(&store, series, {i});
        if (i % 50 == 0) (void)store.Select(kAll, 0, kEver);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(store.Stats().exemplars, 50U);
}

}  // namespace
}  // namespace outrider
