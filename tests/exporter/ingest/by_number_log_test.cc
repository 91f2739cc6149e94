// SPDX-License-Identifier: Apache-2.0
// Samples of senders in the log by number: which requests are, and that a crash leaves what was
// there, whatever becomes of the series, the segments and the disk. A crash is a copy of the
// directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "exporter/ingest/ingest_store.h"
#include "storage/base/random.h"
#include "storage/wal/log_reader.h"
#include "tests/exporter/ingest/write_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::Pair;

constexpr Timestamp kNow = 1'800'000'000'000;
constexpr double kMarker = -1e99;  // in place of a stale marker, which equals nothing
using Contents = std::map<std::string, std::vector<std::pair<Timestamp, double>>>;

Contents Read(const IngestStore& store) {
  SeriesSet set;
  EXPECT_TRUE(store.windows().Select({}, 0, INT64_MAX, SIZE_MAX, &set).ok());
  Contents contents;
  for (const auto& row : set.rows) {
    auto& samples = contents[row.labels.All().ToString()];
    for (size_t i = row.begin; i < row.end; ++i) {
      samples.emplace_back(set.times[i], IsStale(set.values[i]) ? kMarker : set.values[i]);
    }
  }
  return contents;
}

class ByNumberTest : public testing::TestWithParam<bool> {
 protected:
  ByNumberTest() {
    std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(name.begin(), name.end(), '/', '_');
    base_ = testing::TempDir() + "/outrider_by_number_" + name;
    fs::remove_all(base_);
    options_.path = base_ + "/data";
    options_.min_free_bytes = 0;
  }
  ~ByNumberTest() override { fs::remove_all(base_); }

  std::unique_ptr<IngestStore> Open(const std::string& path, bool load = true) {
    IngestStoreOptions options = options_;
    options.path = path;
    auto store = IngestStore::Open(options, clock_, random_);
    EXPECT_TRUE(store.ok()) << Message(store.status());
    EXPECT_TRUE(!load || (*store)->Load({}).ok());
    return *std::move(store);
  }
  std::string Copy() {
    const std::string copy = base_ + "/copy";
    fs::remove_all(copy);
    fs::copy(options_.path, copy, fs::copy_options::recursive);
    return copy;
  }
  Contents AfterCrash() {
    const auto store = Open(Copy());
    EXPECT_EQ(store->Stats().replay.unreadable, 0U);
    EXPECT_EQ(store->Stats().replay.lost, 0U);
    return Read(*store);
  }
  int Send(IngestStore* store, const std::vector<RawSeries>& all) {
    FakeRequest request(GetParam() ? BodyV2(all) : Body(all));
    if (GetParam()) request.headers["Content-Type"] = kV2Type;
    return store->receiver().Handle(request).status;
  }
  // A sample of each, `step` scrapes after the start.
  int Scrape(IngestStore* store, const std::vector<std::string>& names, int step) {
    const Timestamp time = kNow + step * 15 * kSecond;
    clock_.Set(time * kNanosPerMilli);
    std::vector<RawSeries> all;
    for (const std::string& name : names) {
      all.push_back({{{"__name__", name}, {"job", "test"}}, {{time, step * 0.5}}});
    }
    return Send(store, all);
  }
  // How the records of the log stand there: `n` by number, `N` as they came, with numbers; `r` and
  // `e`: as they came, without, edited; `|` between segments.
  std::string Forms() const {
    LogReader reader(options_.path + "/wal");
    LogRecord record;
    std::string forms;
    uint32_t segment = 0;
    while (*reader.Next(&record)) {
      if (segment != 0 && segment != reader.segment()) forms += '|';
      segment = reader.segment();
      const bool by_number = record.type == RecordType::kRows;
      forms += by_number ? 'n' : "r?eN"[static_cast<size_t>(record.verdict)];
    }
    return forms;
  }
  std::string Wal(uint32_t segment) const {
    return options_.path + "/wal/" + SegmentFileName(segment);
  }

  std::string base_;
  IngestStoreOptions options_;
  FakeClock clock_{kNow * kNanosPerMilli};
  SeededRandom random_{11};
};

TEST_P(ByNumberTest, WhatIsKnownIsWrittenByNumber) {
  const auto store = Open(options_.path);
  EXPECT_EQ(Scrape(store.get(), {"a", "b", "c"}, 0), 204);
  EXPECT_EQ(Scrape(store.get(), {"a", "b", "c"}, 1), 204);
  EXPECT_EQ(Scrape(store.get(), {"c", "a"}, 2), 204);       // some of them, in another order
  EXPECT_EQ(Scrape(store.get(), {"a", "d"}, 3), 204);       // one is new
  EXPECT_EQ(Scrape(store.get(), {"b", "d", "c"}, 4), 204);  // of two requests
  EXPECT_EQ(Forms(), "NnnNn");
  const Contents contents = Read(*store);
  EXPECT_EQ(contents.size(), 4U);
  EXPECT_EQ(AfterCrash(), contents);
}

TEST_P(ByNumberTest, EverySegmentBeginsAnew) {
  options_.segment_bytes = 300;
  options_.checkpoint_bytes = 1500;  // older segments go
  const auto store = Open(options_.path);
  for (int step = 0; step < 200; ++step) {
    ASSERT_EQ(Scrape(store.get(), {"a", "b", "c"}, step), 204);
    ASSERT_TRUE(store->Maintain(clock_.Now()).ok());
    if (step % 9 == 0) {
      ASSERT_EQ(AfterCrash(), Read(*store)) << step;
    }
  }
  EXPECT_GT(store->Stats().checkpoints, 3U);
  EXPECT_THAT(Forms(), testing::MatchesRegex("(Nn+\\|)+Nn*"));
  EXPECT_EQ(Read(*store).at(R"(a{job="test"})").size(), 200U);
}

TEST_P(ByNumberTest, ARunThatReplaysIsReplayed) {
  Contents want;
  for (int run = 0; run < 5; ++run) {
    const auto store = Open(options_.path);
    EXPECT_EQ(Read(*store), want) << run;
    for (int step = run * 10; step < run * 10 + 10; ++step) {
      ASSERT_EQ(Scrape(store.get(), {"a", "b"}, step), 204);
    }
    want = Read(*store);
  }
}

TEST_P(ByNumberTest, DuringReplayRequestsStandAsTheyCame) {
  {
    EXPECT_EQ(Scrape(Open(options_.path).get(), {"a", "b"}, 0), 204);
  }
  const auto store = Open(options_.path, /*load=*/false);
  EXPECT_EQ(Scrape(store.get(), {"a", "b"}, 1), 204);
  EXPECT_EQ(Scrape(store.get(), {"a", "b"}, 2), 204);
  ASSERT_TRUE(store->Load({}).ok());
  EXPECT_EQ(Scrape(store.get(), {"a", "b"}, 3), 204);
  EXPECT_EQ(Scrape(store.get(), {"a", "b"}, 4), 204);
  EXPECT_EQ(Forms(), "N|rrNn");
  EXPECT_EQ(Read(*store).at(R"(a{job="test"})").size(), 5U);
  EXPECT_EQ(AfterCrash(), Read(*store));
}

// Whatever a request brings of series that are known: the same is kept before and after.
TEST_P(ByNumberTest, OddRequestsAreJudgedAlike) {
  const auto store = Open(options_.path);
  const std::vector<LabelView> a = {{"__name__", "a"}};
  const std::vector<LabelView> b = {{"__name__", "b"}};
  const std::vector<LabelView> c = {{"__name__", "c"}};
  ASSERT_EQ(Send(store.get(), {{a, {{kNow, 1}}}, {b, {{kNow, 1}}}, {c, {{kNow, 1}}}}), 204);
  struct Case {
    const char* what;
    std::vector<RawSeries> all;
    int status;
    char form;
  };
  const Timestamp t = kNow + 5000;
  const Case cases[] = {
      {"several samples", {{a, {{t, 1}, {t + 1, 2}}}, {b, {{t, 3}}}}, 204, 'n'},
      {"a series twice", {{a, {{t + 2, 1}}}, {b, {{t + 1, 1}}}, {a, {{t + 3, 2}}}}, 204, 'n'},
      {"late", {{a, {{t - 1000, 9}}}, {b, {{t + 2, 1}}}}, 204, 'n'},
      {"repeated", {{a, {{t + 3, 2}}}, {b, {{t + 2, 1}}}}, 204, 'n'},
      {"contradicting", {{a, {{t + 3, 5}}}, {b, {{t + 3, 1}}}}, 400, 'n'},
      {"too late", {{a, {{t - kHour / 2, 5}}}, {b, {{t + 4, 1}}}}, 400, 'n'},
      {"too old", {{a, {{t - 30 * kDay, 5}}}, {b, {{t + 5, 1}}}}, 400, 'n'},
      {"too far ahead", {{a, {{t + kDay, 5}}}, {b, {{t + 6, 1}}}}, 400, 'n'},
      {"a marker", {{a, {{t + 7, StaleNan()}}}, {b, {{t + 7, 1}}}}, 204, 'n'},
      {"one without a name", {{a, {{t + 8, 1}}}, {{{"x", "y"}}, {{t, 1}}}}, 400, 'N'},
      {"one of ours coming back",
       {{a, {{t + 9, 1}}}, {{{"__name__", "outrider_x"}}, {{t, 1}}}},
       204,
       'N'},
  };
  std::string forms = "N";
  for (const Case& one : cases) {
    EXPECT_EQ(Send(store.get(), one.all), one.status) << one.what;
    EXPECT_EQ(Forms(), forms += one.form) << one.what;
    EXPECT_EQ(AfterCrash(), Read(*store)) << one.what;
  }
}

TEST_P(ByNumberTest, ASeriesInThePlaceOfAnotherHasItsOwnNumber) {
  options_.unreferenced_retention = kHour;
  const auto store = Open(options_.path);
  ASSERT_EQ(Scrape(store.get(), {"a", "b"}, 0), 204);
  ASSERT_EQ(Scrape(store.get(), {"a", "b"}, 1), 204);
  ASSERT_EQ(Scrape(store.get(), {"b"}, 240 * 3), 204);  // three hours on
  store->windows().Expire();
  ASSERT_EQ(Read(*store).count(R"(a{job="test"})"), 0U);
  // Where `a` was, and not by a request that gives numbers.
  const LabeledSample made{Labels{{"__name__", "c"}, {"job", "test"}}, {kNow + 2 * kHour, 7}};
  store->appender().AppendBatch({&made, 1}, Origin::kRemote, clock_.Now());
  ASSERT_EQ(Scrape(store.get(), {"c"}, 240 * 3), 204);
  ASSERT_EQ(Scrape(store.get(), {"c", "b"}, 240 * 3 + 1), 204);
  ASSERT_EQ(Scrape(store.get(), {"a"}, 240 * 3 + 2), 204);
  ASSERT_EQ(Scrape(store.get(), {"a", "b", "c"}, 240 * 3 + 3), 204);
  EXPECT_EQ(Forms(), "NnnrNnNn");
  const Contents contents = Read(*store);
  ASSERT_EQ(contents.size(), 3U);
  EXPECT_EQ(contents.at(R"(c{job="test"})").size(), 4U);
  EXPECT_EQ(AfterCrash(), contents);
}

TEST_P(ByNumberTest, ClaimsOfRulesHold) {
  const auto store = Open(options_.path);
  ASSERT_EQ(Scrape(store.get(), {"a", "b"}, 0), 204);
  const LabeledSample ours{Labels{{"__name__", "a"}, {"job", "test"}}, {kNow + kMinute, 7}};
  store->appender().AppendBatch({&ours, 1}, Origin::kLocal, kNow + kMinute);
  for (int step = 5; step < 9; ++step) ASSERT_EQ(Scrape(store.get(), {"a", "b"}, step), 204);
  EXPECT_GE(store->Stats().remote_write.local_wins, 4U);
  const Contents contents = Read(*store);
  EXPECT_EQ(contents.at(R"(a{job="test"})").back(),
            (std::pair<Timestamp, double>{kNow + kMinute, 7}));
  EXPECT_EQ(AfterCrash(), contents);
  // The rule is gone: after an hour the sender has its series again.
  ASSERT_EQ(Scrape(store.get(), {"a", "b"}, 500), 204);
  EXPECT_EQ(Read(*store).at(R"(a{job="test"})").back().first, kNow + 500 * 15 * kSecond);
  EXPECT_EQ(AfterCrash(), Read(*store));
}

// Where a limit decides, the request stands there as it came, with what was decided.
TEST_P(ByNumberTest, EditedRequestsStandAsTheyCame) {
  options_.guard.limits.max_series_per_sender = 2;
  const auto store = Open(options_.path);
  EXPECT_EQ(Scrape(store.get(), {"a", "b"}, 0), 204);
  EXPECT_EQ(Scrape(store.get(), {"a", "b", "c"}, 1), 400);
  EXPECT_EQ(Scrape(store.get(), {"a", "b"}, 2), 204);
  EXPECT_EQ(Forms(), "Nen");
  EXPECT_EQ(AfterCrash(), Read(*store));
}

// The labels of a sample that is too old by now are needed when a newer one follows.
TEST_P(ByNumberTest, ASeriesThatBeganTooLongAgoIsMadeByItsNextSample) {
  auto store = Open(options_.path);
  ASSERT_EQ(Scrape(store.get(), {"a"}, 0), 204);
  ASSERT_EQ(Scrape(store.get(), {"old", "a"}, 1), 204);
  ASSERT_EQ(Scrape(store.get(), {"a"}, 240 * 3), 204);
  ASSERT_EQ(Scrape(store.get(), {"old", "a"}, 240 * 3 + 1), 204);
  ASSERT_EQ(Scrape(store.get(), {"a", "old"}, 240 * 3 + 2), 204);
  ASSERT_EQ(Forms(), "NNnnn");
  // As if chunk files had brought the newest samples: the first of the log come too late now.
  const std::string copy = Copy();
  options_.unreferenced_retention = kHour;
  store = Open(copy, /*load=*/false);
  const LabelView labels[] = {{"__name__", "other"}};
  const Sample newest{kNow + 3 * kHour, 1};
  store->windows().Append(labels, {&newest, 1}, Origin::kRemote, kNow + 3 * kHour);
  ASSERT_TRUE(store->Load({}).ok());
  EXPECT_EQ(store->Stats().replay.lost, 0U);
  EXPECT_THAT(
      Read(*store).at(R"(old{job="test"})"),
      ElementsAre(Pair(kNow + 721 * 15 * kSecond, 360.5), Pair(kNow + 722 * 15 * kSecond, 361)));
}

TEST_P(ByNumberTest, WhatADamagedPlaceNamedIsCounted) {
  const auto store = Open(options_.path);
  ASSERT_EQ(Scrape(store.get(), {"a", "b"}, 0), 204);
  ASSERT_EQ(Scrape(store.get(), {"c"}, 0), 204);
  for (int step = 1; step < 4; ++step) {
    ASSERT_EQ(Scrape(store.get(), {"a", "b", "c"}, step), 204);
  }
  ASSERT_EQ(Forms(), "NNnnn");
  const std::string copy = Copy();
  {
    std::fstream file(copy + "/wal/" + SegmentFileName(1),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(kSegmentHeaderBytes + kRecordHeaderBytes + 20);
    file << "XXXX";
  }
  const auto after = Open(copy);
  EXPECT_EQ(after->Stats().damaged_log_places, 1U);
  EXPECT_EQ(after->Stats().replay.lost, 6U);
  EXPECT_EQ(Read(*after), (Contents{{R"(c{job="test"})", Read(*store).at(R"(c{job="test"})")}}));
}

TEST_P(ByNumberTest, ALogCutAnywhereGivesAPrefix) {
  std::vector<Contents> prefixes = {{}};
  {
    const auto store = Open(options_.path);
    for (int step = 0; step < 6; ++step) {
      ASSERT_EQ(Scrape(store.get(), {"a", step < 3 ? "b" : "c"}, step), 204);
      prefixes.push_back(Read(*store));
    }
  }
  size_t seen = 0;
  for (uintmax_t cut = 0; cut <= fs::file_size(Wal(1)); ++cut) {
    const std::string copy = Copy();
    fs::resize_file(copy + "/wal/" + SegmentFileName(1), cut);
    const Contents got = Read(*Open(copy));
    const auto at = std::find(prefixes.begin(), prefixes.end(), got);
    ASSERT_NE(at, prefixes.end()) << "cut at " << cut;
    EXPECT_GE(static_cast<size_t>(at - prefixes.begin()), seen);
    seen = static_cast<size_t>(at - prefixes.begin());
  }
  EXPECT_EQ(seen, 6U);
}

// Numbers are 32 bits: before they end they begin anew, at a cut of the log.
TEST_P(ByNumberTest, NumbersBeginAnew) {
  options_.first_number = UINT32_MAX - 8;
  const auto store = Open(options_.path);
  ASSERT_EQ(Scrape(store.get(), {"a", "b", "c"}, 0), 204);
  ASSERT_EQ(Scrape(store.get(), {"a", "b", "c"}, 1), 204);
  ASSERT_EQ(Scrape(store.get(), {"a", "d", "e"}, 2), 204);
  ASSERT_EQ(Scrape(store.get(), {"x", "y", "z"}, 3), 204);  // none are left
  ASSERT_EQ(Scrape(store.get(), {"x", "y", "z"}, 4), 204);
  ASSERT_EQ(Scrape(store.get(), {"a", "d"}, 5), 204);
  EXPECT_EQ(Forms(), "NnNNNn");
  EXPECT_EQ(AfterCrash(), Read(*store));
  clock_.Set((kNow + 3 * kHour) * kNanosPerMilli);
  ASSERT_TRUE(store->Maintain(clock_.Now()).ok());  // notes the time of the first cut
  clock_.Set((kNow + 5 * kHour) * kNanosPerMilli);
  ASSERT_TRUE(store->Maintain(clock_.Now()).ok());
  ASSERT_EQ(store->Stats().checkpoints, 1U);
  ASSERT_EQ(Scrape(store.get(), {"z", "y"}, 1200), 204);
  ASSERT_EQ(Scrape(store.get(), {"y", "z"}, 1201), 204);
  ASSERT_EQ(Scrape(store.get(), {"a", "d"}, 1202), 204);  // their numbers are of before
  EXPECT_THAT(Forms(), testing::EndsWith("|NnN"));
  EXPECT_EQ(AfterCrash(), Read(*store));
}

TEST_P(ByNumberTest, ALogOfTheFormerVersionIsRead) {
  // Requests that came during replay stand in the log as all did before.
  auto store = Open(options_.path, /*load=*/false);
  ASSERT_EQ(Scrape(store.get(), {"a", "b"}, 0), 204);
  ASSERT_EQ(Scrape(store.get(), {"a", "b"}, 1), 204);
  store.reset();
  std::fstream file(Wal(1), std::ios::in | std::ios::out | std::ios::binary);
  std::string header(kSegmentHeaderBytes, '\0');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  log_format::Put(header.data() + 8, kOldestLogVersion);
  log_format::Put(header.data() + 24, Hash64(std::string_view(header).substr(0, 24)));
  file.seekp(0);
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  file.close();
  ASSERT_EQ(Forms(), "rr");
  store = Open(options_.path);
  EXPECT_EQ(Read(*store).at(R"(b{job="test"})").size(), 2U);
}

// Many series: records are appended together, by two threads. Some steps are out of the usual.
TEST_P(ByNumberTest, ManyRecordsAtOnceAreJudgedAlike) {
  constexpr int kSeries = 900;
  std::vector<std::string> names;
  for (int i = 0; i < kSeries; ++i) names.push_back("m" + std::to_string(i));
  const auto store = Open(options_.path);
  for (int step = 0; step < 60; ++step) {
    clock_.Set((kNow + step * 15 * kSecond) * kNanosPerMilli);
    std::vector<RawSeries> all;
    for (int i = 0; i < kSeries; ++i) {
      const bool odd = step > 0 && random_.Next() % 50 == 0;
      const int64_t late = odd ? static_cast<int64_t>(random_.Next() % 600'000) : 0;
      const Timestamp time = kNow + step * 15 * kSecond - late;
      all.push_back({{{"__name__", names[static_cast<size_t>(i)]}}, {{time, step + i * 0.25}}});
      if (odd && random_.Next() % 3 == 0) all.back().samples.push_back({time - 3, 1});
      if (odd && random_.Next() % 5 == 0) all.push_back(all[random_.Next() % all.size()]);
      // Too old for some and in two of the steps so old that the order of records matters.
      if (step % 25 == 24 && i % 300 == 0) all.back().samples[0].time -= 7 * kHour;
    }
    (void)Send(store.get(), all);
  }
  EXPECT_EQ(Forms(), "N" + std::string(59, 'n'));
  const Contents contents = Read(*store);
  const Contents after = AfterCrash();
  ASSERT_EQ(after.size(), contents.size());
  for (const auto& [labels, samples] : contents) EXPECT_EQ(after.at(labels), samples) << labels;
}

// Writers at once, with a checkpoint now and then.
TEST_P(ByNumberTest, ManyWriters) {
  options_.segment_bytes = 4000;
  options_.checkpoint_bytes = 9000;
  const auto store = Open(options_.path);
  clock_.Set((kNow + kHour) * kNanosPerMilli);
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&, w] {
      const std::string own = "w" + std::to_string(w);
      for (int step = 0; step < 300; ++step) {
        const Timestamp time = kNow + step * 1000 + w;
        std::vector<RawSeries> all = {{{{"__name__", own}}, {{time, 1.0 * step}}},
                                      {{{"__name__", "shared"}}, {{time, 2.0 * w}}}};
        const std::string churn = own + "_" + std::to_string(step / 10);
        all.push_back({{{"__name__", churn}}, {{time, 0}}});
        EXPECT_EQ(Send(store.get(), all), 204);
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(store->Maintain(clock_.Now()).ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  for (std::thread& writer : writers) writer.join();
  const Contents contents = Read(*store);
  EXPECT_EQ(contents.size(), 4U + 1 + 4 * 30);
  EXPECT_EQ(AfterCrash(), contents);
}

INSTANTIATE_TEST_SUITE_P(Versions, ByNumberTest, testing::Bool(),
                         [](const auto& version) { return version.param ? "V2" : "V1"; });

}  // namespace
}  // namespace outrider
