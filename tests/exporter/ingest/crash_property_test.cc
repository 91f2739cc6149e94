// SPDX-License-Identifier: Apache-2.0
// A process that stores random requests is killed (SIGKILL) at random points, again and again. What
// is read afterwards is what a simple model holds: all that was acked, nothing that was refused,
// and the request that was on its way either whole or not at all.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <variant>

#include "exporter/ingest/ingest_store.h"
#include "exporter/ingest/proto/remote_write_v1.pb.h"
#include "exporter/ingest/proto/remote_write_v2.pb.h"
#include "storage/base/random.h"
#include "tests/exporter/ingest/write_request.h"
#include "tests/support/fake_clock.h"
#include "tests/support/random_histogram.h"

namespace outrider {
namespace {

constexpr Timestamp kNow = 1'800'000'000'000;
constexpr int kSeries = 6;
constexpr DurationMs kStep = 10 * kSecond;

using Value = std::variant<double, NativeHistogram>;
struct Entry {
  int series;
  Timestamp time;
  Value value;
};
using Request = std::vector<Entry>;

bool Same(const Value& a, const Value& b) {
  if (a.index() != b.index()) return false;
  if (const auto* number = std::get_if<double>(&a)) return SameBits(*number, std::get<double>(b));
  return SameBits(std::get<NativeHistogram>(a), std::get<NativeHistogram>(b));
}

// Request number `number`, the same whenever it is asked for.
Request MakeRequest(uint64_t seed, int number) {
  SeededRandom random(seed * 1'000'003 + static_cast<uint64_t>(number));
  Request request;
  for (int series = 0; series < kSeries; ++series) {
    if (random.Next() % 4 == 0) continue;
    const int64_t behind = random.Next() % 5 == 0 ? static_cast<int64_t>(random.Next() % 24) : 0;
    Entry entry{.series = series, .time = kNow + (number - behind) * kStep, .value = 0.0};
    switch (random.Next() % 6) {
      case 0:
        entry.value = random.Next() % 2 == 0 ? StaleNan() : random.Unit();
        break;
      case 1:
      case 2:
        entry.value = RandomHistogram(random, static_cast<HistogramKind>(random.Next() % 4));
        break;
      default:
        entry.value = static_cast<double>(random.Next() % 3);
    }
    request.push_back(entry);
  }
  return request;
}

template <typename Message>
void SetHistogram(const NativeHistogram& from, Timestamp time, Message* to) {
  to->set_timestamp(time);
  to->set_schema(from.schema);
  to->set_zero_threshold(from.zero_threshold);
  to->set_sum(from.sum);
  to->set_reset_hint(static_cast<decltype(to->reset_hint())>(from.reset_hint));
  for (const double bound : from.custom_values) to->add_custom_values(bound);
  for (const BucketSpan& span : from.positive_spans) {
    auto& added = *to->add_positive_spans();
    added.set_offset(span.offset);
    added.set_length(span.length);
  }
  for (const BucketSpan& span : from.negative_spans) {
    auto& added = *to->add_negative_spans();
    added.set_offset(span.offset);
    added.set_length(span.length);
  }
  if (from.is_float) {
    to->set_count_float(from.count);
    to->set_zero_count_float(from.zero_count);
    for (const double bucket : from.positive_buckets) to->add_positive_counts(bucket);
    for (const double bucket : from.negative_buckets) to->add_negative_counts(bucket);
    return;
  }
  to->set_count_int(static_cast<uint64_t>(from.count));
  to->set_zero_count_int(static_cast<uint64_t>(from.zero_count));
  int64_t last = 0;
  for (const double bucket : from.positive_buckets) {
    to->add_positive_deltas(static_cast<int64_t>(bucket) - last);
    last = static_cast<int64_t>(bucket);
  }
  last = 0;
  for (const double bucket : from.negative_buckets) {
    to->add_negative_deltas(static_cast<int64_t>(bucket) - last);
    last = static_cast<int64_t>(bucket);
  }
}

template <typename Series>
void SetValue(const Entry& entry, Series* series) {
  if (const auto* number = std::get_if<double>(&entry.value)) {
    auto& sample = *series->add_samples();
    sample.set_timestamp(entry.time);
    sample.set_value(*number);
  } else {
    SetHistogram(std::get<NativeHistogram>(entry.value), entry.time, series->add_histograms());
  }
}

std::string BodyV1(const Request& request) {
  wire::v1::WriteRequest message;
  for (const Entry& entry : request) {
    auto& series = *message.add_timeseries();
    auto& label = *series.add_labels();
    label.set_name("__name__");
    label.set_value("m" + std::to_string(entry.series));
    SetValue(entry, &series);
  }
  return SnappyCompress(message.SerializeAsString());
}

std::string BodyV2(const Request& request) {
  wire::v2::Request message;
  message.add_symbols("");
  message.add_symbols("__name__");
  for (const Entry& entry : request) {
    auto& series = *message.add_timeseries();
    series.add_labels_refs(1);
    series.add_labels_refs(static_cast<uint32_t>(message.symbols_size()));
    message.add_symbols("m" + std::to_string(entry.series));
    SetValue(entry, &series);
  }
  return SnappyCompress(message.SerializeAsString());
}

// Late ones are always within the window here, so only another value at a known time is refused.
class Model {
 public:
  bool Apply(const Request& request) {
    bool fine = true;
    for (const Entry& entry : request) {
      const auto [it, added] = series_.at(entry.series).emplace(entry.time, entry.value);
      fine &= added || Same(it->second, entry.value);
    }
    return fine;
  }
  // "" or the first difference.
  std::string Compare(const IngestStore& store) const {
    std::array<std::map<Timestamp, Value>, kSeries> found;
    SeriesSet set;
    set.want_histograms = true;
    if (!store.windows().Select({}, 0, INT64_MAX, SIZE_MAX, &set).ok()) return "cannot be read";
    for (const SeriesSet::Row& row : set.rows) {
      auto& samples = found.at(static_cast<size_t>(row.labels.Get("__name__").at(1) - '0'));
      for (size_t i = row.begin; i < row.end; ++i) samples.emplace(set.times[i], set.values[i]);
      for (const HistogramSample& sample : set.Histograms(row)) {
        samples.emplace(sample.time, sample.histogram);
      }
    }
    for (int i = 0; i < kSeries; ++i) {
      if (std::string text = Difference(series_.at(i), found.at(i)); !text.empty()) {
        return "m" + std::to_string(i) + text;
      }
    }
    return "";
  }

 private:
  static std::string Difference(const std::map<Timestamp, Value>& wanted,
                                const std::map<Timestamp, Value>& found) {
    for (const auto& [time, value] : wanted) {
      const auto it = found.find(time);
      const std::string at = " at step " + std::to_string((time - kNow) / kStep);
      if (it == found.end()) return at + " is lost";
      if (!Same(it->second, value)) return at + " is another one";
    }
    return wanted.size() == found.size() ? "" : " has more than was sent";
  }
  std::array<std::map<Timestamp, Value>, kSeries> series_;
};

class CrashProperty : public testing::Test {
 protected:
  std::unique_ptr<IngestStore> OpenStore() {
    IngestStoreOptions options;
    options.path = directory_;
    options.min_free_bytes = 0;
    options.segment_bytes = 1 << 16;
    options.checkpoint_bytes = 1 << 15;
    SeededRandom random(static_cast<uint64_t>(getpid()));
    auto store = IngestStore::Open(options, clock_, random);
    EXPECT_TRUE(store.ok()) << Message(store.status());
    EXPECT_TRUE((*store)->Load({}).ok());
    return *std::move(store);
  }

  // In the child: requests from `next` on; the number of each one answered goes into the pipe.
  [[noreturn]] void Live(uint64_t seed, int next, int pipe) {
    ::alarm(120);  // a child that hangs dies too, and the test says what is missing
    auto store = OpenStore();
    for (int number = next;; ++number) {
      clock_.Set((kNow + number * kStep) * kNanosPerMilli);
      const Request made = MakeRequest(seed, number);
      const bool v2 = number % 2 == 1;
      FakeRequest request(v2 ? BodyV2(made) : BodyV1(made));
      if (v2) request.headers["Content-Type"] += ";proto=io.prometheus.write.v2.Request";
      const int answer[] = {number, store->receiver().Handle(request).status};
      if (::write(pipe, answer, sizeof answer) != sizeof answer) _exit(1);
      if (number % 16 == 0) (void)store->Maintain(clock_.Now());
    }
  }

  // Runs a child until it has answered `answers` requests and a little longer. The last answer.
  int KillAfter(uint64_t seed, int next, int answers, useconds_t longer) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      Live(seed, next, ends[1]);
    }
    ::close(ends[1]);
    int answer[2];
    int last = next - 1;
    bool alive = true;
    for (int seen = 0; ::read(ends[0], answer, sizeof answer) == sizeof answer; ++seen) {
      last = answer[0];
      const int wanted = model_.Apply(MakeRequest(seed, last)) ? 204 : 400;
      EXPECT_EQ(answer[1], wanted) << "seed " << seed << ", request " << last;
      if (seen < answers || !alive) continue;
      alive = false;  // what it answers until it is dead is read too
      ::usleep(longer);
      ::kill(child, SIGKILL);
    }
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
    ::close(ends[0]);
    return last;
  }

  void Run(uint64_t seed, int lives) {
    SeededRandom random(seed);
    directory_ = testing::TempDir() + "/outrider_crash_property";
    std::filesystem::remove_all(directory_);
    model_ = Model();
    int next = 0;
    for (int life = 0; life < lives; ++life) {
      const auto answers = static_cast<int>(random.Next() % 150);
      const int last =
          KillAfter(seed, next, answers, static_cast<useconds_t>(random.Next() % 3000));
      Model with_next = model_;  // it may have been on its way
      with_next.Apply(MakeRequest(seed, last + 1));
      const auto store = OpenStore();
      const std::string difference = model_.Compare(*store);
      next = last + 1;
      if (difference.empty()) continue;
      ASSERT_EQ(with_next.Compare(*store), "")
          << "seed " << seed << ", life " << life << ", without the next: " << difference;
      model_ = with_next;
    }
    std::filesystem::remove_all(directory_);
  }

  std::string directory_;
  FakeClock clock_{kNow * kNanosPerMilli};
  Model model_;
};

TEST_F(CrashProperty, KilledAnywhere) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    Run(seed, 8);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace outrider
