// SPDX-License-Identifier: Apache-2.0
#include "storage/window/series_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "storage/base/random.h"
#include "storage/window/series_identity.h"

namespace outrider {
namespace {

using testing::ElementsAre;

Matcher Match(MatchType type, const std::string& name, const std::string& value) {
  return *Matcher::Create(type, name, value);
}

void Add(SeriesIndex* index, uint32_t id, const Labels& labels) {
  index->Add(id, std::vector<LabelView>(labels.begin(), labels.end()));
}

TEST(Postings, AgreeWithASetThroughListAndBitmap) {
  SeededRandom random(1);
  Postings postings;
  std::set<uint32_t> want;
  for (int i = 0; i < 60'000; ++i) {
    const auto id = static_cast<uint32_t>(random.Next() % 150'000);
    if (random.Next() % 4 == 0) {
      postings.Remove(id);
      want.erase(id);
    } else {
      postings.Add(id);
      want.insert(id);
    }
  }
  EXPECT_EQ(postings.size(), want.size());
  std::vector<uint32_t> got;
  postings.AppendTo(&got);
  EXPECT_EQ(got, std::vector<uint32_t>(want.begin(), want.end()));
  for (uint32_t id = 0; id < 150'000; id += 7)
    EXPECT_EQ(postings.Contains(id), want.contains(id)) << id;
  for (const uint32_t id : want) postings.Remove(id);
  EXPECT_TRUE(postings.empty());
}

// What follows each other is one run; anything else goes over to lists and bitmaps.
TEST(Postings, RunsAgreeWithASet) {
  struct Step {
    const char* what;
    bool add;
    uint32_t from;
    uint32_t to;  // downwards when less
  };
  const Step steps[] = {{"forwards", true, 70, 90},
                        {"again", true, 75, 80},
                        {"backwards", true, 69, 60},
                        {"off the front", false, 60, 65},
                        {"off the back", false, 90, 85},
                        {"not there", false, 0, 20},
                        {"a gap", false, 75, 76},
                        {"the gap again", true, 75, 76},
                        {"all", false, 0, 100},
                        {"anew, across a container", true, 65'000, 70'000},
                        {"far behind", true, 200'000, 200'003},
                        {"empty", false, 0, 300'000}};
  Postings postings;
  Postings in_runs;
  std::set<uint32_t> want;
  for (const Step& step : steps) {
    SCOPED_TRACE(step.what);
    for (uint32_t id = step.from; id != step.to; id += step.from < step.to ? 1U : UINT32_MAX) {
      if (step.add) {
        postings.Add(id);
        want.insert(id);
      } else {
        postings.Remove(id);
        want.erase(id);
      }
    }
    if (step.add && step.from < step.to) in_runs.AddRun(step.from, step.to - step.from);
    for (uint32_t id = step.from; id != step.to; id += step.from < step.to ? 1U : UINT32_MAX) {
      if (!step.add) in_runs.Remove(id);
      if (step.add && step.from > step.to) in_runs.AddRun(id, 1);
    }
    std::vector<uint32_t> got;
    postings.AppendTo(&got);
    EXPECT_EQ(got, std::vector<uint32_t>(want.begin(), want.end()));
    EXPECT_EQ(postings.size(), want.size());
    got.clear();
    in_runs.AppendTo(&got);
    EXPECT_EQ(got, std::vector<uint32_t>(want.begin(), want.end()));
    EXPECT_EQ(in_runs.size(), want.size());
    for (uint32_t id = 0; id < 100; ++id) EXPECT_EQ(postings.Contains(id), want.contains(id)) << id;
  }
}

TEST(LiteralAlternatives, OnlyPlainText) {
  EXPECT_THAT(*LiteralAlternatives("a|b-c|"), ElementsAre("a", "b-c", ""));
  EXPECT_THAT(*LiteralAlternatives(""), ElementsAre(""));
  for (const char* pattern : {"a.b", "a|b*", "(a|b)", "a\\|b", "^a", "[ab]", "a{2}"}) {
    EXPECT_FALSE(LiteralAlternatives(pattern)) << pattern;
  }
}

// Neighbours share labels at the same place, at other places, or none.
TEST(SeriesIndex, CrowdsAreIndexedLikeOneByOne) {
  const std::vector<Labels> all = {
      {{"__name__", "a"}, {"job", "x"}, {"pod", "p1"}},
      {{"__name__", "b"}, {"job", "x"}},
      {{"__name__", "b"}, {"job", "y"}, {"pod", "p1"}},
      {{"__name__", "b"}, {"pod", "p1"}},
      {{"app", "b"}, {"job", "y"}},
      {{"__name__", "b"}, {"job", "x"}},
      {{"__name__", "x"}, {"job", "b"}, {"pod", "p1"}, {"zone", "p1"}}};
  std::vector<std::vector<LabelView>> views;
  for (const Labels& labels : all) views.emplace_back(labels.begin(), labels.end());
  std::vector<IndexedSeries> crowd;
  for (uint32_t i = 0; i < views.size(); ++i) crowd.push_back({.id = 3 * i, .labels = views[i]});
  SeriesIndex index;
  SeriesIndex one_by_one;
  index.Add(crowd);
  for (uint32_t i = 0; i < all.size(); ++i) Add(&one_by_one, 3 * i, all[i]);
  IdentityHasher identity_of(5);
  for (uint32_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(index.LabelsOf(3 * i), all[i]);
    EXPECT_EQ(identity_of(views[i]), IdentityOf(views[i], 5)) << i;
  }
  const SeriesIndexStats got = index.Stats();
  const SeriesIndexStats want = one_by_one.Stats();
  EXPECT_EQ(got.series, want.series);
  EXPECT_EQ(got.label_names, want.label_names);
  EXPECT_EQ(got.label_pairs, want.label_pairs);
  EXPECT_EQ(got.text_bytes, want.text_bytes);
  for (const IndexedSeries& series : crowd) index.Remove(series.id);
  EXPECT_EQ(index.Stats().label_pairs, 0U);
}

// Every combination of matchers must agree with asking each label set.
TEST(SeriesIndex, AgreesWithMatchingEachSeries) {
  std::vector<Labels> all;
  SeriesIndex index;
  const std::vector<std::string> values = {"", "a", "b", "ab", "abc", "x.y", "a|b", "\n"};
  for (const std::string& x : values) {
    for (const std::string& y : values) {
      for (const std::string& z : {std::string(), std::string("one"), std::string("two")}) {
        all.push_back(Labels{{"__name__", "m"}, {"x", x}, {"y", y}, {"z", z}});
        Add(&index, static_cast<uint32_t>(all.size() - 1), all.back());
      }
    }
  }
  const std::vector<std::string> patterns = {"",   "a",     "a|b",  "a|",    "a.*",  ".*",
                                             ".+", "ab?c?", "none", "(?i)A", "x\\.y"};
  std::vector<std::vector<Matcher>> matcher_sets = {{}};
  for (const MatchType type :
       {MatchType::kEqual, MatchType::kNotEqual, MatchType::kRegex, MatchType::kNotRegex}) {
    for (const std::string& pattern : patterns) {
      matcher_sets.push_back({Match(type, "x", pattern)});
      matcher_sets.push_back({Match(type, "missing", pattern)});
      for (const std::string& other : patterns) {
        matcher_sets.push_back(
            {Match(type, "x", pattern), Match(MatchType::kNotRegex, "y", other)});
        matcher_sets.push_back({Match(MatchType::kRegex, "y", other), Match(type, "x", pattern),
                                Match(MatchType::kEqual, "z", "one")});
      }
    }
  }
  for (const auto& matchers : matcher_sets) {
    std::string text;
    for (const Matcher& matcher : matchers) text += matcher.ToString() + ",";
    std::vector<Labels> labels;
    const std::vector<uint32_t> ids = index.Match(matchers, &labels);
    const std::set<uint32_t> got(ids.begin(), ids.end());
    EXPECT_EQ(got.size(), ids.size()) << "repeated ids for " << text;
    for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(labels[i], all[ids[i]]);
    for (uint32_t id = 0; id < all.size(); ++id) {
      EXPECT_EQ(got.contains(id), MatchesAll(matchers, all[id]))
          << text << " on " << all[id].ToString();
    }
  }
}

TEST(SeriesIndex, NamesAndValues) {
  SeriesIndex index;
  Add(&index, 3, Labels{{"__name__", "up"}, {"job", "b"}});
  Add(&index, 70'000, Labels{{"__name__", "up"}, {"job", "a"}, {"zone", "z"}});
  const std::vector<uint32_t> all = {3, 70'000, 99};
  EXPECT_THAT(index.NamesOf(all), ElementsAre("__name__", "job", "zone"));
  EXPECT_THAT(index.ValuesOf("job", all), ElementsAre("a", "b"));
  EXPECT_THAT(index.ValuesOf("nope", all), ElementsAre());
  EXPECT_EQ(index.LabelsOf(3), (Labels{{"__name__", "up"}, {"job", "b"}}));
  EXPECT_TRUE(index.LabelsOf(99).empty());
}

TEST(SeriesIndex, ChurnLeavesNothingBehind) {
  SeriesIndex index;
  Add(&index, 0, Labels{{"__name__", "stays"}});
  const SeriesIndexStats before = index.Stats();
  for (int round = 0; round < 50; ++round) {
    for (uint32_t id = 1; id < 20; ++id) {
      Add(&index, id,
          Labels{{"__name__", "stays"},
                 {"pod" + std::to_string(round), "p" + std::to_string(round * 100 + id)}});
    }
    EXPECT_EQ(index.Match({}).size(), 20U);
    for (uint32_t id = 1; id < 20; ++id) index.Remove(id);
  }
  const SeriesIndexStats after = index.Stats();
  EXPECT_EQ(after.series, 1U);
  EXPECT_EQ(after.label_pairs, before.label_pairs);
  EXPECT_EQ(after.label_names, before.label_names);
  EXPECT_EQ(after.text_bytes, before.text_bytes);
  EXPECT_THAT(index.Match(std::vector<Matcher>{Match(MatchType::kRegex, "pod", ".+")}),
              ElementsAre());
}

}  // namespace
}  // namespace outrider
