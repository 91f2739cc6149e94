// SPDX-License-Identifier: Apache-2.0
// Limits of senders and HA pairs from the outside: answers, what is stored, what is counted, and
// what a start with another configuration brings back.
#include "exporter/ingest/ingest_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "exporter/ingest/ingest_store.h"
#include "exporter/ingest/proto/remote_write_v2.pb.h"
#include "fmt/format.h"
#include "storage/base/random.h"
#include "tests/exporter/ingest/otlp_request.h"
#include "tests/exporter/ingest/write_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Timestamp kNow = 1'800'000'000'000;

class IngestGuardTest : public testing::TestWithParam<bool> {
 protected:
  IngestGuardTest() {
    std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(name.begin(), name.end(), '/', '_');
    path_ = testing::TempDir() + "/outrider_guard_" + name;
    std::filesystem::remove_all(path_);
    options_.path = path_;
    options_.min_free_bytes = 0;
    options_.guard.sender_header = "X-Scope-OrgID";
  }
  ~IngestGuardTest() override {
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  // A clean end, if it runs, and a start with the options of now.
  void Start() {
    store_.reset();
    auto store = IngestStore::Open(options_, clock_, random_);
    ASSERT_TRUE(store.ok()) << Message(store.status());
    store_ = *std::move(store);
    const Status loaded = store_->Load({});
    ASSERT_TRUE(loaded.ok()) << Message(loaded);
  }
  HttpResponse Send(const std::vector<RawSeries>& all, const std::string& sender = "team-a") {
    const bool v2 = GetParam();
    FakeRequest request(v2 ? BodyV2(all) : Body(all));
    if (v2) request.headers["Content-Type"] = kV2Type;
    request.headers["X-Scope-OrgID"] = sender;
    return store_->receiver().Handle(request);
  }
  // One sample of each, `step` scrapes after the start.
  HttpResponse SendNames(const std::vector<std::string>& names, int step,
                         const std::string& sender = "team-a") {
    std::vector<RawSeries> all;
    all.reserve(names.size());
    for (const std::string& name : names) {
      all.push_back({{{"__name__", name}}, {{kNow + step * 1000, 1.0 * step}}});
    }
    return Send(all, sender);
  }
  std::vector<std::string> Stored() const {
    SeriesSet set;
    EXPECT_TRUE(store_->windows().Select({}, 0, INT64_MAX, SIZE_MAX, &set).ok());
    std::vector<std::string> out;
    for (const auto& row : set.rows) {
      out.push_back(fmt::format("{} {}", row.labels.All().ToString(), row.end - row.begin));
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  // "sender series limited", for those that did something.
  std::vector<std::string> Senders() const {
    std::vector<std::string> out;
    for (const SenderStats& one : store_->Stats().senders) {
      std::string text = fmt::format("{} {}", one.sender, one.series);
      for (size_t i = 0; i < kSenderLimits; ++i) {
        if (one.limited.at(i) == 0) continue;
        text += fmt::format(" {}={}", ReasonOf(static_cast<SenderLimit>(i)), one.limited.at(i));
      }
      if (text != "other 0") out.push_back(text);
    }
    return out;
  }
  uint64_t Logged() const { return store_->Stats().wal.records; }

  std::string path_;
  IngestStoreOptions options_;
  FakeClock clock_{kNow * kNanosPerMilli};
  SeededRandom random_{3};
  std::unique_ptr<IngestStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Versions, IngestGuardTest, testing::Bool(),
                         [](const auto& version) { return version.param ? "V2" : "V1"; });

TEST_P(IngestGuardTest, WithoutLimitsSendersAreOnlyCounted) {
  Start();
  EXPECT_EQ(SendNames({"a", "b"}, 0).status, 204);
  EXPECT_EQ(SendNames({"b", "c"}, 1, "team-b").status, 204);
  EXPECT_EQ(SendNames({"d"}, 1, "").status, 204);
  EXPECT_THAT(Senders(), ElementsAre("team-a 2", "team-b 1", "127.0.0.1 1"));
  EXPECT_EQ(store_->Stats().senders.at(2).samples_accepted, 2U);
  Start();
  EXPECT_THAT(Senders(), ElementsAre("team-a 2", "team-b 1", "127.0.0.1 1"));
}

TEST_P(IngestGuardTest, NewSeriesOverTheSendersLimitAreRefusedKnownOnesAreFed) {
  options_.guard.limits.max_series_per_sender = 2;
  Start();
  const HttpResponse response = SendNames({"a", "b", "c", "d"}, 0);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            "2 samples stored, 2 refused\n"
            "new series, over the sender's limit of 2: 2, first: \"c\"\n");
  EXPECT_EQ(SendNames({"a", "b"}, 1).status, 204);
  EXPECT_EQ(SendNames({"d", "b"}, 2).status, 400);
  EXPECT_EQ(SendNames({"c"}, 2, "team-b").status, 204);
  EXPECT_EQ(SendNames({"c"}, 3).status, 204) << "another's series is known too";
  const std::vector<std::string> stored = {"a 2", "b 3", "c 2"};
  EXPECT_EQ(Stored(), stored);
  EXPECT_THAT(Senders(), ElementsAre("team-a 2 series_per_sender=3", "team-b 1"));
  EXPECT_EQ(store_->Stats().remote_write.samples_rejected.at("limits"), 3U);
  EXPECT_EQ(store_->Stats().remote_write.series_refused.at("series_per_sender"), 3U);

  options_.guard.limits = {};
  Start();
  EXPECT_EQ(Stored(), stored) << "what was refused does not come back";
  EXPECT_THAT(Senders(), ElementsAre("team-a 2", "team-b 1"));
}

TEST_P(IngestGuardTest, TheWholeDaemonsLimit) {
  options_.guard.limits.max_series = 3;
  Start();
  const LabeledSample recorded{Labels{{"__name__", "recorded"}}, {kNow, 1}};
  store_->appender().AppendBatch({&recorded, 1}, Origin::kLocal, kNow);
  EXPECT_EQ(SendNames({"a", "b"}, 0).status, 204);
  const HttpResponse response = SendNames({"a", "c"}, 1, "team-b");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("new series, over the limit of 3 in the whole daemon: 1"));
  const LabeledSample another{Labels{{"__name__", "another"}}, {kNow, 1}};
  store_->appender().AppendBatch({&another, 1}, Origin::kLocal, kNow);  // rules go on
  EXPECT_EQ(Stored().size(), 4U);
  EXPECT_THAT(Senders(), ElementsAre("team-a 2", "team-b 0 series=1"));
}

TEST_P(IngestGuardTest, PlacesComeFreeAgain) {
  options_.guard.limits.max_series_per_sender = 2;
  Start();
  // None of these makes a series, so none may keep a place.
  EXPECT_EQ(Send({{{{"__name__", "far"}}, {{kNow + kHour, 1}}}}).status, 400);
  EXPECT_EQ(Send({{{{"job", "nameless"}}, {{kNow, 1}}}}).status, 400);
  EXPECT_EQ(SendNames({"outrider_own"}, 0).status, 204);
  EXPECT_THAT(Senders(), ElementsAre("team-a 0"));
  // The same new series twice is one.
  EXPECT_EQ(Send({{{{"__name__", "a"}}, {{kNow, 1}}},
                  {{{"__name__", "a"}}, {{kNow + 1, 1}}},
                  {{{"__name__", "b"}}, {{kNow, 1}}}})
                .status,
            204);
  EXPECT_THAT(Senders(), ElementsAre("team-a 2"));
  clock_.Set((kNow + kDay) * kNanosPerMilli);
  EXPECT_EQ(Send({{{{"__name__", "a"}}, {{kNow + kDay, 1}}}}).status, 204);
  store_->windows().Expire();
  EXPECT_THAT(Senders(), ElementsAre("team-a 1"));
  EXPECT_EQ(Send({{{{"__name__", "c"}}, {{kNow + kDay, 1}}}}).status, 204);
  EXPECT_THAT(Senders(), ElementsAre("team-a 2"));
}

TEST_P(IngestGuardTest, LabelsOverTheLimitsCostTheirSeriesOnly) {
  options_.guard.limits.max_label_names = 3;
  options_.guard.limits.max_label_name_length = 8;
  options_.guard.limits.max_label_value_length = 5;
  Start();
  const HttpResponse response = Send({
      {{{"__name__", "fine"}, {"a", "12345"}, {"b", ""}, {"c", ""}}, {{kNow, 1}}},
      {{{"__name__", "many"}, {"a", "1"}, {"b", "2"}, {"c", "3"}}, {{kNow, 1}, {kNow + 1, 2}}},
      {{{"__name__", "name"}, {"a23456789", "1"}}, {{kNow, 1}}},
      {{{"__name__", "value"}, {"a", "123456"}}, {{kNow, 1}}},
      {{{"__name__", "value"}, {"a", "1234567"}}, {{kNow, 1}}},
  });
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            "1 samples stored, 5 refused\n"
            "series with more than 3 labels: 1, first: \"many\" a=\"1\" b=\"2\" c=\"3\"\n"
            "series with a label name of more than 8 bytes: 1, first: \"name\" a23456789=\"1\"\n"
            "series with a label value of more than 5 bytes: 2, first: \"value\" a=\"123456\"\n");
  EXPECT_THAT(Senders(), ElementsAre("team-a 1 label_names=1 label_name_length=1 "
                                     "label_value_length=2"));
  options_.guard.limits = {};
  Start();
  EXPECT_THAT(Stored(), ElementsAre("fine{a=\"12345\"} 1"));
}

TEST_P(IngestGuardTest, LabelLimitsHoldForWhatWasThereBeforeThem) {
  Start();
  EXPECT_EQ(SendNames({"short", "much_too_long"}, 0).status, 204);
  options_.guard.limits.max_label_value_length = 5;
  Start();
  EXPECT_EQ(SendNames({"short", "much_too_long"}, 1).status, 400);
  EXPECT_EQ(SendNames({"short", "much_too_long"}, 2).status, 400);
  EXPECT_THAT(Stored(), ElementsAre("much_too_long 1", "short 3"));
}

TEST_P(IngestGuardTest, SamplesPerSecond) {
  options_.guard.limits.max_samples_per_second = 1;  // so ten at once
  Start();
  const std::vector<std::string> six = {"a", "b", "c", "d", "e", "f"};
  EXPECT_EQ(SendNames(six, 0).status, 204);
  const HttpResponse response = SendNames(six, 1);
  EXPECT_EQ(response.status, 429);
  EXPECT_THAT(response.headers, testing::Contains(testing::Pair("Retry-After", "2")));
  EXPECT_THAT(response.body, HasSubstr("over the sender's limit of 1 samples a second"));
  EXPECT_EQ(Logged(), 1U);
  EXPECT_EQ(SendNames(six, 1, "team-b").status, 204);
  clock_.Advance(2 * kSecond);
  EXPECT_EQ(SendNames(six, 1).status, 204);
  EXPECT_THAT(Senders(), ElementsAre("team-a 6 samples_per_second=6", "team-b 0"));
}

TEST_P(IngestGuardTest, BodySize) {
  options_.guard.limits.max_body_bytes = 100;
  Start();
  EXPECT_EQ(SendNames({"a"}, 0).status, 204);
  const HttpResponse response =
      Send({{{{"__name__", random_.Next() == 0 ? "a" : "b"},
              {"x", "qwertzuiopasdfghjklyxcvbnmqwertzuiopasdfghjklyxcvb"},
              {"y", "1029384756afkjgnbvoiuzrewmnbvcxylkjhgfdsapoiuztrew"}},
             {{kNow, 1}}}});
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.body, HasSubstr("limit of 100 bytes"));
  EXPECT_THAT(Senders(), ElementsAre("team-a 1 body_size=1"));
}

TEST_P(IngestGuardTest, RefusedRowsDuringReplayAreJudgedByTheirLabelsOnly) {
  options_.guard.limits.max_series_per_sender = 1;
  options_.guard.limits.max_label_value_length = 5;
  auto store = IngestStore::Open(options_, clock_, random_);
  ASSERT_TRUE(store.ok());
  store_ = *std::move(store);
  EXPECT_EQ(SendNames({"a", "b", "much_too_long"}, 0).status, 400);
  ASSERT_TRUE(store_->Load({}).ok());
  EXPECT_THAT(Stored(), ElementsAre("a 1", "b 1"));
  EXPECT_THAT(Senders(), ElementsAre("team-a 2 label_value_length=1"));
  EXPECT_EQ(SendNames({"c"}, 1).status, 400);
}

TEST_P(IngestGuardTest, ManySendersAtOnceStayWithinTheLimit) {
  options_.guard.limits.max_series = 50;
  Start();
  {
    std::vector<std::jthread> threads;
    threads.reserve(3);
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([this, t] {
        for (int i = 0; i < 40; ++i) {
          SendNames({fmt::format("m{}", i), fmt::format("t{}_{}", t, i)}, i,
                    fmt::format("team-{}", t));
        }
      });
    }
  }
  EXPECT_EQ(store_->windows().Stats().series, 50U);
  EXPECT_EQ(store_->guard().limits().series(), 50U);
}

// --- HA pairs ---

RawSeries Pair(const char* name, const char* cluster, const char* replica, Timestamp time = kNow,
               double value = 1) {
  return {{{"__name__", name}, {"__replica__", replica}, {"cluster", cluster}}, {{time, value}}};
}

class IngestHaTest : public IngestGuardTest {
 protected:
  IngestHaTest() { options_.guard.ha.enabled = true; }
  // "cluster elected changes dropped"
  std::vector<std::string> Clusters() const {
    std::vector<std::string> out;
    for (const HaCluster& one : store_->Stats().ha_clusters) {
      out.push_back(fmt::format("{} {} {} {}", one.cluster, one.elected, one.changes, one.dropped));
    }
    return out;
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, IngestHaTest, testing::Bool(),
                         [](const auto& version) { return version.param ? "V2" : "V1"; });

TEST_P(IngestHaTest, OneReplicaIsStoredWithoutItsLabel) {
  Start();
  const auto both = [](const char* replica, Timestamp time) {
    return std::vector<RawSeries>{Pair("a", "c", replica, time), Pair("b", "c", replica, time)};
  };
  EXPECT_EQ(Send(both("r1", kNow)).status, 204);
  const HttpResponse dropped = Send(both("r2", kNow + 1));
  EXPECT_EQ(dropped.status, 202);
  EXPECT_EQ(dropped.body,
            "nothing was stored: replica \"r2\" of cluster \"c\" is not the elected one\n");
  EXPECT_EQ(Send(both("r1", kNow + 2)).status, 204);
  const std::vector<std::string> stored = {"a{cluster=\"c\"} 2", "b{cluster=\"c\"} 2"};
  EXPECT_EQ(Stored(), stored);
  EXPECT_THAT(Clusters(), ElementsAre("c r1 0 2"));
  EXPECT_EQ(Logged(), 2U) << "what is dropped whole is not logged";

  options_.guard.ha.enabled = false;
  Start();
  EXPECT_EQ(Stored(), stored) << "whatever the configuration is by now";
}

TEST_P(IngestHaTest, TheOtherTakesOverInTheSameSeriesAndARestartKnowsTheElectedOne) {
  Start();
  EXPECT_EQ(Send({Pair("a", "c", "r1", kNow)}).status, 204);
  clock_.Advance(30 * kSecond);
  EXPECT_EQ(Send({Pair("a", "c", "r2", kNow + 30'000)}).status, 204);
  EXPECT_EQ(Send({Pair("a", "c", "r1", kNow + 30'001)}).status, 202);
  EXPECT_THAT(Clusters(), ElementsAre("c r2 1 1"));
  Start();
  EXPECT_EQ(Send({Pair("a", "c", "r1", kNow + 30'002)}).status, 202);
  EXPECT_EQ(Send({Pair("a", "c", "r2", kNow + 30'003)}).status, 204);
  EXPECT_THAT(Stored(), ElementsAre("a{cluster=\"c\"} 3"));
}

TEST_P(IngestHaTest, MixedRequests) {
  Start();
  EXPECT_EQ(Send({Pair("a", "c", "r1"), Pair("a", "d", "r2")}).status, 204);
  EXPECT_EQ(
      Send({Pair("a", "c", "r1", kNow + 1),
            Pair("a", "d", "r1", kNow + 1),
            Pair("b", "d", "r1", kNow + 1),
            Pair("a", "d", "r2", kNow + 2),
            {{{"__name__", "x"}, {"__replica__", "r9"}}, {{kNow, 1}}},  // no cluster: as it is
            {{{"__name__", "y"}, {"cluster", "d"}}, {{kNow, 1}}}})
          .status,
      204);
  const std::vector<std::string> stored = {"a{cluster=\"c\"} 2", "a{cluster=\"d\"} 2",
                                           "x{__replica__=\"r9\"} 1", "y{cluster=\"d\"} 1"};
  EXPECT_EQ(Stored(), stored);
  EXPECT_THAT(Clusters(), ElementsAre("c r1 0 0", "d r2 0 2"));
  options_.guard.ha = {.enabled = true, .cluster_label = "other", .replica_label = "one"};
  Start();
  EXPECT_EQ(Stored(), stored);
}

TEST_P(IngestHaTest, WhatWasStoredWithoutDeduplicationIsAnotherSeries) {
  options_.guard.ha.enabled = false;
  Start();
  EXPECT_EQ(Send({Pair("a", "c", "r1")}).status, 204);
  options_.guard.ha.enabled = true;
  Start();
  EXPECT_EQ(Send({Pair("a", "c", "r1", kNow + 1)}).status, 204);
  EXPECT_EQ(Send({Pair("a", "c", "r1", kNow + 2)}).status, 204);
  const std::vector<std::string> stored = {"a{__replica__=\"r1\", cluster=\"c\"} 1",
                                           "a{cluster=\"c\"} 2"};
  EXPECT_EQ(Stored(), stored);
  Start();
  EXPECT_EQ(Stored(), stored);
}

TEST_P(IngestHaTest, TogetherWithLimits) {
  options_.guard.limits.max_series_per_sender = 2;
  options_.guard.limits.max_samples_per_second = 1;
  options_.guard.ha.max_clusters = 1;
  Start();
  const std::vector<RawSeries> request = {Pair("a", "c", "r1"), Pair("b", "c", "r1"),
                                          Pair("z", "d", "r1"), Pair("e", "c", "r1")};
  const HttpResponse response = Send(request);
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("2 samples stored, 2 refused"));
  EXPECT_THAT(response.body, HasSubstr("over the sender's limit of 2: 1, first: \"e\""));
  EXPECT_THAT(response.body, HasSubstr("more HA clusters than are told apart: 1, first: \"z\""));
  // A dropped replica's samples are not held against its sender.
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Send({Pair("a", "c", "r2")}).status, 202);
  EXPECT_THAT(Stored(), ElementsAre("a{cluster=\"c\"} 1", "b{cluster=\"c\"} 1"));
  EXPECT_THAT(Senders(), ElementsAre("team-a 2 series_per_sender=1 ha_clusters=1"));
  options_.guard = {};
  Start();
  EXPECT_THAT(Stored(), ElementsAre("a{cluster=\"c\"} 1", "b{cluster=\"c\"} 1"));
}

// What the other replica sends in its place is not lost, and a sender takes what is not written for
// lost.
TEST_P(IngestHaTest, WrittenHeadersOf20) {
  if (!GetParam()) return;
  Start();
  Send({Pair("a", "c", "r1")});
  EXPECT_THAT(Send({Pair("a", "c", "r2")}).headers,
              testing::Contains(testing::Pair("X-Prometheus-Remote-Write-Samples-Written", "1")));
}

// --- OTLP ---

class IngestGuardOtlpTest : public IngestGuardTest {
 protected:
  HttpResponse SendOtlp(const std::vector<std::string>& names, const OtlpPairs& attributes,
                        Timestamp time) {
    OtlpRequest body;
    body.Resource({});
    for (const std::string& name : names) {
      wire::otlp::Sum* sum = body.Sum(name, "", wire::otlp::TEMPORALITY_CUMULATIVE, false);
      Point(sum, time, attributes)->set_as_double(1);
    }
    FakeRequest request(body.Body());
    request.headers["Content-Encoding"] = "";
    request.headers["X-Scope-OrgID"] = "otel";
    return store_->otlp().Handle(request);
  }
};
INSTANTIATE_TEST_SUITE_P(Once, IngestGuardOtlpTest, testing::Values(false));

TEST_P(IngestGuardOtlpTest, LimitsAndPairs) {
  options_.guard.limits.max_series_per_sender = 2;
  options_.guard.limits.max_samples_per_second = 2;
  options_.guard.ha = {.enabled = true, .cluster_label = "cluster", .replica_label = "replica"};
  Start();
  const OtlpPairs one = {{"cluster", "c"}, {"replica", "r1"}};
  const OtlpPairs two = {{"cluster", "c"}, {"replica", "r2"}};
  const HttpResponse partial = SendOtlp({"a", "b", "e"}, one, kNow);
  EXPECT_EQ(partial.status, 200);
  EXPECT_THAT(partial.body, HasSubstr("over the sender's limit of 2: 1, first: \"e\""));
  const HttpResponse dropped = SendOtlp({"a", "b"}, two, kNow + 1);
  EXPECT_EQ(dropped.status, 200);
  EXPECT_THAT(dropped.body, IsEmpty());
  EXPECT_EQ(SendOtlp({"a"}, one, kNow + 2).status, 200);
  std::vector<std::string> many;
  for (int i = 0; i < 20; ++i) many.push_back(fmt::format("m{}", i));
  EXPECT_EQ(SendOtlp(many, one, kNow + 3).status, 429);
  const std::vector<std::string> stored = {"a{cluster=\"c\"} 2", "b{cluster=\"c\"} 1"};
  EXPECT_EQ(Stored(), stored);
  options_.guard = {};
  Start();
  EXPECT_EQ(Stored(), stored);
}

}  // namespace
}  // namespace outrider
