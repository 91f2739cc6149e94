// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/metadata_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum MetricType;

std::vector<std::string> Families(const MetadataStore& store, int64_t limit = -1) {
  std::vector<std::string> names;
  for (const FamilyMetadata& one : store.List("", limit, -1)) names.push_back(one.family);
  return names;
}

std::vector<std::string> Helps(const MetadataStore& store, const char* family, int64_t limit = -1) {
  std::vector<std::string> helps;
  for (const FamilyMetadata& one : store.List(family, -1, limit)) {
    for (const MetadataEntry& entry : one.entries) helps.push_back(entry.help);
  }
  return helps;
}

TEST(MetricTypeName, All) {
  EXPECT_EQ(MetricTypeName(kUnknown), "unknown");
  EXPECT_EQ(MetricTypeName(kCounter), "counter");
  EXPECT_EQ(MetricTypeName(kGauge), "gauge");
  EXPECT_EQ(MetricTypeName(kHistogram), "histogram");
  EXPECT_EQ(MetricTypeName(kGaugeHistogram), "gaugehistogram");
  EXPECT_EQ(MetricTypeName(kSummary), "summary");
  EXPECT_EQ(MetricTypeName(kInfo), "info");
  EXPECT_EQ(MetricTypeName(kStateset), "stateset");
}

TEST(FamilyOf, Table) {
  struct Case {
    const char* metric;
    MetricType type;
    const char* family;
  };
  const Case cases[] = {
      {"rpc_bucket", kHistogram, "rpc"},    {"rpc_count", kHistogram, "rpc"},
      {"rpc_sum", kHistogram, "rpc"},       {"rpc", kHistogram, "rpc"},
      {"rpc_sum", kSummary, "rpc"},         {"rpc_bucket", kSummary, "rpc_bucket"},
      {"rpc_gsum", kGaugeHistogram, "rpc"}, {"rpc_gcount", kGaugeHistogram, "rpc"},
      {"rpc_total", kCounter, "rpc_total"}, {"rpc_count", kGauge, "rpc_count"},
      {"build_info", kInfo, "build_info"},  {"_bucket", kHistogram, "_bucket"},
      {"sum_sum_sum", kSummary, "sum_sum"}, {"", kSummary, ""},
  };
  for (const Case& one : cases) EXPECT_EQ(FamilyOf(one.metric, one.type), one.family) << one.metric;
}

TEST(MetadataStore, LearnsOnceAndLists) {
  MetadataStore store;
  for (int i = 0; i < 3; ++i) {
    store.Learn("up", {kGauge, "Is it.", ""});
    store.Learn("rpc_seconds", {kSummary, "Calls.", "seconds"});
  }
  store.Learn("nothing", {});
  store.Learn("", {kGauge, "no name", ""});
  store.Learn("bad\xff", {kGauge, "x", ""});
  store.Learn("bad_help", {kGauge, "\xc3", ""});
  EXPECT_THAT(Families(store), ElementsAre("rpc_seconds", "up"));
  EXPECT_THAT(store.List("rpc_seconds", -1, -1).at(0).entries,
              ElementsAre(MetadataEntry{kSummary, "Calls.", "seconds"}));
  EXPECT_THAT(Helps(store, "up"), ElementsAre("Is it."));
  EXPECT_THAT(store.List("down", -1, -1), IsEmpty());
  EXPECT_THAT(Families(store, 1), ElementsAre("rpc_seconds"));
  EXPECT_THAT(Families(store, 0), IsEmpty());
}

TEST(MetadataStore, Stats) {
  MetadataStore store;
  store.Learn("up", {kGauge, "Is it.", ""});
  store.Learn("rpc_seconds", {kSummary, "Calls.", "seconds"});
  EXPECT_EQ(store.Stats().families, 2U);
  EXPECT_EQ(store.Stats().entries, 2U);
  EXPECT_EQ(store.Stats().bytes, 2 + 11 + 6 + 6 + 7U);
}

TEST(MetadataStore, MostRecentLastAndTheLongestSilentGivesWay) {
  MetadataStore store({.max_per_family = 3});
  store.Learn("m", {kGauge, "a", ""});
  store.Learn("m", {kGauge, "b", ""});
  store.Learn("m", {kCounter, "b", ""});
  EXPECT_THAT(Helps(store, "m"), ElementsAre("a", "b", "b"));
  store.Learn("m", {kGauge, "a", ""});  // heard of again
  store.Learn("m", {kGauge, "a", ""});
  EXPECT_THAT(Helps(store, "m"), ElementsAre("b", "b", "a"));
  EXPECT_THAT(Helps(store, "m", 2), ElementsAre("b", "a"));
  store.Learn("m", {kGauge, "c", ""});
  const std::vector<FamilyMetadata> all = store.List("m", -1, -1);
  EXPECT_THAT(all.at(0).entries,
              ElementsAre(MetadataEntry{kCounter, "b", ""}, MetadataEntry{kGauge, "a", ""},
                          MetadataEntry{kGauge, "c", ""}));
  EXPECT_EQ(store.Stats().entries, 3U);
}

TEST(MetadataStore, TextsAreSharedAndGivenBack) {
  MetadataStore store({.max_per_family = 1});
  store.Learn("m", {kGauge, "12345678", "s"});
  store.Learn("n", {kGauge, "12345678", "s"});
  EXPECT_EQ(store.Stats().bytes, 2 + 9U);
  store.Learn("m", {kGauge, "x", "s"});
  EXPECT_EQ(store.Stats().bytes, 2 + 10U);
  store.Learn("n", {kGauge, "x", "s"});
  EXPECT_EQ(store.Stats().bytes, 2 + 2U);
}

TEST(MetadataStore, Limits) {
  MetadataStore store({.max_families = 2, .max_bytes = 40, .max_text = 7});
  store.Learn("a", {kGauge, "größe und mehr", ""});
  EXPECT_THAT(Helps(store, "a"), ElementsAre("größe"));
  store.Learn("a", {kGauge, "123456ß", ""});  // never cuts a character
  EXPECT_THAT(Helps(store, "a"), ElementsAre("größe", "123456"));
  store.Learn("a", {kGauge, "123456ß and so on", ""});  // the same, once cut
  EXPECT_EQ(store.Stats().entries, 2U);
}

TEST(MetadataStore, LimitsOfTheWhole) {
  MetadataStore store({.max_families = 2, .max_bytes = 40, .max_text = 7});
  store.Learn("a", {kGauge, "größe", ""});
  store.Learn("too_long_a_name", {kGauge, "", ""});
  EXPECT_EQ(store.Stats().refused, 1U);
  store.Learn("b", {kGauge, "", ""});
  store.Learn("c", {kGauge, "", ""});  // one family too many
  EXPECT_EQ(store.Stats().refused, 2U);
  EXPECT_THAT(Families(store), ElementsAre("a", "b"));
  for (const char* help : {"1234560", "1234561", "1234562", "1234563", "1234564"}) {
    store.Learn("b", {kGauge, help, ""});
  }
  EXPECT_LE(store.Stats().bytes, 40U);
  EXPECT_GT(store.Stats().refused, 2U);
}

TEST(MetadataStoreConcurrency, ManySendersAndReaders) {
  MetadataStore store({.max_per_family = 4});
  std::vector<std::jthread> threads;
  threads.reserve(3);
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&store, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string help = std::to_string((i + t) % 6);
        store.Learn(i % 2 == 0 ? "even" : "odd", {kGauge, help, "s"});
        (void)store.List("", -1, -1);
      }
    });
  }
  threads.clear();
  EXPECT_THAT(Families(store), ElementsAre("even", "odd"));
  EXPECT_LE(store.Stats().entries, 8U);
}

}  // namespace
}  // namespace outrider
