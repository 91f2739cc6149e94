// SPDX-License-Identifier: Apache-2.0
// The hand-written decoders against the generated ones: random messages, whole and damaged. What
// ours accept the generated ones must accept too and read the same; the other way round ours may be
// stricter (wrong types of known fields).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/ingest/decode_histogram.h"
#include "exporter/ingest/decode_v1_extra.h"
#include "exporter/ingest/decode_v2.h"
#include "exporter/ingest/proto/remote_write_v1.pb.h"
#include "exporter/ingest/proto/remote_write_v2.pb.h"
#include "storage/base/random.h"

namespace outrider {
namespace {

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  uint64_t Below(uint64_t n) { return random_.Next() % n; }
  bool Coin() { return Below(2) == 0; }
  int64_t Time() { return static_cast<int64_t>(random_.Next() >> Below(64)); }
  double Double() { return Coin() ? std::bit_cast<double>(random_.Next()) : 0.25; }
  std::string Text() { return std::string(Below(9), static_cast<char>('a' + Below(26))); }
  // Some bytes changed, added or cut off.
  std::string Damage(std::string bytes) {
    for (uint64_t n = 1 + Below(3); n > 0 && !bytes.empty(); --n) {
      bytes[Below(bytes.size())] = static_cast<char>(random_.Next() >> Below(8));
    }
    if (Below(8) == 0) bytes.resize(Below(bytes.size() + 1));
    return bytes;
  }

 private:
  SeededRandom random_;
};

template <typename Span>
void FillSpans(Dice& dice, Span* spans) {
  for (uint64_t n = dice.Below(3); n > 0; --n) {
    auto* span = spans->Add();
    span->set_offset(static_cast<int32_t>(dice.Time()));
    span->set_length(static_cast<uint32_t>(dice.Below(4)));
  }
}

template <typename Histogram>
Histogram RandomHistogram(Dice& dice) {
  Histogram histogram;
  if (dice.Coin()) {
    histogram.set_count_int(static_cast<uint64_t>(dice.Time()));
    histogram.set_zero_count_int(dice.Below(1000));
  } else {
    histogram.set_count_float(dice.Double());
    histogram.set_zero_count_float(dice.Double());
  }
  histogram.set_sum(dice.Double());
  histogram.set_schema(static_cast<int32_t>(dice.Below(120)) - 60);
  histogram.set_zero_threshold(dice.Double());
  FillSpans(dice, histogram.mutable_positive_spans());
  FillSpans(dice, histogram.mutable_negative_spans());
  for (uint64_t n = dice.Below(6); n > 0; --n) {
    histogram.add_positive_deltas(dice.Time());
    histogram.add_negative_deltas(-dice.Time());
    histogram.add_positive_counts(dice.Double());
    if (dice.Coin()) histogram.add_negative_counts(dice.Double());
    if (dice.Coin()) histogram.add_custom_values(dice.Double());
  }
  histogram.set_reset_hint(static_cast<decltype(histogram.reset_hint())>(dice.Below(4)));
  histogram.set_timestamp(dice.Time());
  return histogram;
}

template <typename Deltas, typename Counts>
std::vector<double> Buckets(bool is_float, const Deltas& deltas, const Counts& counts) {
  if (is_float) return {counts.begin(), counts.end()};
  std::vector<double> buckets;
  uint64_t sum = 0;
  for (const int64_t delta : deltas) {
    sum += static_cast<uint64_t>(delta);
    buckets.push_back(static_cast<double>(static_cast<int64_t>(sum)));
  }
  return buckets;
}

template <typename Spans>
std::vector<BucketSpan> SpansOf(const Spans& spans) {
  std::vector<BucketSpan> result;
  for (const auto& span : spans) result.push_back({span.offset(), span.length()});
  return result;
}

void ExpectSameDoubles(const std::vector<double>& ours, const std::vector<double>& theirs) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_TRUE(SameBits(ours[i], theirs[i])) << i;
}

template <typename Histogram>
void ExpectSameBuckets(const NativeHistogram& h, const Histogram& theirs) {
  EXPECT_EQ(h.positive_spans, SpansOf(theirs.positive_spans()));
  EXPECT_EQ(h.negative_spans, SpansOf(theirs.negative_spans()));
  ExpectSameDoubles(h.positive_buckets,
                    Buckets(h.is_float, theirs.positive_deltas(), theirs.positive_counts()));
  ExpectSameDoubles(h.negative_buckets,
                    Buckets(h.is_float, theirs.negative_deltas(), theirs.negative_counts()));
  ExpectSameDoubles(h.custom_values,
                    {theirs.custom_values().begin(), theirs.custom_values().end()});
}

template <typename Histogram>
void ExpectSame(const HistogramSample& ours, const Histogram& theirs) {
  const NativeHistogram& h = ours.histogram;
  const bool is_float = theirs.count_case() == Histogram::kCountFloat;
  const bool float_zero = theirs.zero_count_case() == Histogram::kZeroCountFloat;
  EXPECT_EQ(h.is_float, is_float);
  ExpectSameBuckets(h, theirs);
  EXPECT_EQ(ours.time, theirs.timestamp());
  EXPECT_TRUE(
      SameBits(h.count, is_float ? theirs.count_float() : static_cast<double>(theirs.count_int())));
  EXPECT_TRUE(SameBits(h.zero_count, float_zero ? theirs.zero_count_float()
                                                : static_cast<double>(theirs.zero_count_int())));
  EXPECT_TRUE(SameBits(h.sum, theirs.sum()));
  EXPECT_TRUE(SameBits(h.zero_threshold, theirs.zero_threshold()));
  EXPECT_EQ(h.schema, theirs.schema());
  const int hint = theirs.reset_hint();
  EXPECT_EQ(static_cast<int>(h.reset_hint), hint < 0 || hint > 3 ? 0 : hint);
}

// Whether the bytes were taken by both.
template <typename Histogram>
bool CompareHistogram(const std::string& bytes, bool v2) {
  HistogramSample ours;
  Timestamp start_time = 0;
  const Status status = DecodeHistogram(bytes, v2, &ours, &start_time);
  if (absl::IsInvalidArgument(status)) return false;
  Histogram theirs;
  EXPECT_TRUE(theirs.ParseFromString(bytes)) << bytes.size();
  ExpectSame(ours, theirs);  // also of histograms that are refused for their spans
  if constexpr (requires { theirs.start_timestamp(); }) {
    EXPECT_EQ(start_time, theirs.start_timestamp());
  }
  return true;
}

TEST(WireOracle, Histograms) {
  Dice dice(1);
  int taken = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto v1 = RandomHistogram<wire::v1::Histogram>(dice).SerializeAsString();
    auto second = RandomHistogram<wire::v2::Histogram>(dice);
    if (dice.Coin()) second.set_start_timestamp(dice.Time());
    const std::string v2 = second.SerializeAsString();
    EXPECT_TRUE(CompareHistogram<wire::v1::Histogram>(v1, false) &&
                CompareHistogram<wire::v2::Histogram>(v2, true));
    taken += CompareHistogram<wire::v2::Histogram>(dice.Damage(v2), true) ? 1 : 0;
    if (HasFailure()) FAIL() << "round " << round;
  }
  EXPECT_GT(taken, 300);
  EXPECT_LT(taken, 2900);
}

std::string RandomRequest(Dice& dice) {
  wire::v2::Request request;
  request.add_symbols();
  const uint64_t symbols = 1 + dice.Below(6);
  for (uint64_t i = 1; i < symbols; ++i) request.add_symbols(dice.Text());
  const auto ref = [&] { return static_cast<uint32_t>(dice.Below(symbols + dice.Below(2))); };
  for (uint64_t n = dice.Below(4); n > 0; --n) {
    wire::v2::TimeSeries& series = *request.add_timeseries();
    for (uint64_t i = 2 * dice.Below(4); i > 0; --i) series.add_labels_refs(ref());
    for (uint64_t i = dice.Below(4); i > 0; --i) {
      wire::v2::Sample& sample = *series.add_samples();
      sample.set_value(dice.Double());
      sample.set_timestamp(dice.Time());
      if (dice.Coin()) sample.set_start_timestamp(dice.Time());
    }
    if (dice.Coin()) *series.add_histograms() = RandomHistogram<wire::v2::Histogram>(dice);
    if (dice.Coin()) {
      wire::v2::Exemplar& exemplar = *series.add_exemplars();
      exemplar.add_labels_refs(ref());
      exemplar.add_labels_refs(ref());
      exemplar.set_value(dice.Double());
      exemplar.set_timestamp(dice.Time());
    }
    if (dice.Coin()) {
      series.mutable_metadata()->set_type(
          static_cast<wire::v2::Metadata_Type>(dice.Below(kMetricTypes)));
      series.mutable_metadata()->set_help_ref(ref());
      series.mutable_metadata()->set_unit_ref(ref());
    }
  }
  return request.SerializeAsString();
}

// Labels by hand from the generated message; false for bad references.
template <typename Refs>
bool Resolve(const wire::v2::Request& request, const Refs& refs, std::vector<LabelView>* labels) {
  for (int i = 0; i + 1 < refs.size(); i += 2) {
    const auto symbols = static_cast<uint32_t>(request.symbols_size());
    if (refs[i] >= symbols || refs[i + 1] >= symbols) return false;
    labels->push_back({request.symbols(static_cast<int>(refs[i])),
                       request.symbols(static_cast<int>(refs[i + 1]))});
  }
  return refs.size() % 2 == 0;
}

void ExpectSameSamples(const IncomingSeries& ours, const wire::v2::TimeSeries& theirs) {
  ASSERT_EQ(ours.samples.size(), static_cast<size_t>(theirs.samples_size()));
  for (size_t i = 0; i < ours.samples.size(); ++i) {
    const wire::v2::Sample& sample = theirs.samples(static_cast<int>(i));
    EXPECT_EQ(ours.samples[i].time, sample.timestamp());
    EXPECT_TRUE(SameBits(ours.samples[i].value, sample.value()));
    EXPECT_EQ(ours.start_times.empty() ? 0 : ours.start_times.at(i), sample.start_timestamp());
  }
}

// False when the exemplars have bad references.
bool SameExemplars(const IncomingSeries& ours, const wire::v2::Request& request,
                   const wire::v2::TimeSeries& theirs) {
  bool good = true;
  EXPECT_EQ(ours.exemplars.size(), static_cast<size_t>(theirs.exemplars_size()));
  for (size_t i = 0; i < ours.exemplars.size(); ++i) {
    const wire::v2::Exemplar& exemplar = theirs.exemplars(static_cast<int>(i));
    std::vector<LabelView> labels;
    good = Resolve(request, exemplar.labels_refs(), &labels) && good;
    EXPECT_EQ(ours.exemplars[i].labels, labels);
    EXPECT_EQ(ours.exemplars[i].time, exemplar.timestamp());
    EXPECT_TRUE(SameBits(ours.exemplars[i].value, exemplar.value()));
  }
  return good;
}

bool SameMetadata(const IncomingSeries& ours, const wire::v2::Request& request,
                  const wire::v2::TimeSeries& theirs) {
  bool good = true;
  EXPECT_EQ(ours.has_metadata, theirs.has_metadata());
  const wire::v2::Metadata& metadata = theirs.metadata();
  const auto symbols = static_cast<uint32_t>(request.symbols_size());
  if (metadata.help_ref() >= symbols || metadata.unit_ref() >= symbols) {
    good = false;
  } else if (ours.has_metadata) {
    EXPECT_EQ(ours.metadata.help, request.symbols(static_cast<int>(metadata.help_ref())));
    EXPECT_EQ(ours.metadata.unit, request.symbols(static_cast<int>(metadata.unit_ref())));
  }
  const int type = metadata.type();
  EXPECT_EQ(static_cast<int>(ours.metadata.type), type < 0 || type > 7 ? 0 : type);
  return good;
}

void ExpectSame(const IncomingSeries& ours, const wire::v2::Request& request, int index) {
  const wire::v2::TimeSeries& theirs = request.timeseries(index);
  ExpectSameSamples(ours, theirs);
  std::vector<LabelView> labels;
  bool good = Resolve(request, theirs.labels_refs(), &labels);
  EXPECT_EQ(ours.labels, labels);
  ASSERT_EQ(ours.histograms.size(), static_cast<size_t>(theirs.histograms_size()));
  for (const std::string_view histogram : ours.histograms) {
    EXPECT_TRUE(CompareHistogram<wire::v2::Histogram>(std::string(histogram), true));
  }
  good = SameExemplars(ours, request, theirs) && good;
  good = SameMetadata(ours, request, theirs) && good;
  EXPECT_EQ(ours.bad_refs, !good);
}

bool CompareRequest(const std::string& bytes) {
  if (!CheckV2(bytes).ok()) return false;
  wire::v2::Request theirs;
  EXPECT_TRUE(theirs.ParseFromString(bytes));
  V2Decoder decoder;
  EXPECT_TRUE(decoder.Open(bytes).ok());
  EXPECT_EQ(decoder.symbols().size(), static_cast<size_t>(theirs.symbols_size()));
  IncomingSeries series;
  int index = 0;
  for (; decoder.Next(&series).value_or(false); ++index) {
    if (index >= theirs.timeseries_size()) break;
    ExpectSame(series, theirs, index);
  }
  EXPECT_EQ(index, theirs.timeseries_size());
  return true;
}

TEST(WireOracle, Requests) {
  Dice dice(2);
  int taken = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string bytes = RandomRequest(dice);
    EXPECT_TRUE(CompareRequest(bytes));
    taken += CompareRequest(dice.Damage(bytes)) ? 1 : 0;
    if (HasFailure()) FAIL() << "round " << round;
  }
  EXPECT_GT(taken, 300);
  EXPECT_LT(taken, 2900);
}

bool CompareExemplar(const std::string& bytes) {
  IncomingExemplar ours;
  if (!DecodeExemplarV1(bytes, &ours).ok()) return false;
  wire::v1::Exemplar theirs;
  EXPECT_TRUE(theirs.ParseFromString(bytes));
  EXPECT_EQ(ours.time, theirs.timestamp());
  EXPECT_TRUE(SameBits(ours.value, theirs.value()));
  std::vector<LabelView> labels;
  for (const wire::v1::Label& label : theirs.labels())
    labels.push_back({label.name(), label.value()});
  EXPECT_EQ(ours.labels, labels);
  return true;
}

bool CompareMetadata(const std::string& bytes) {
  std::string_view family;
  IncomingMetadata ours;
  if (!DecodeMetadataV1(bytes, &family, &ours).ok()) return false;
  wire::v1::MetricMetadata theirs;
  EXPECT_TRUE(theirs.ParseFromString(bytes));
  EXPECT_EQ(family, theirs.metric_family_name());
  EXPECT_EQ(ours.help, theirs.help());
  EXPECT_EQ(ours.unit, theirs.unit());
  const int type = theirs.type();
  EXPECT_EQ(static_cast<int>(ours.type), type < 0 || type > 7 ? 0 : type);
  return true;
}

TEST(WireOracle, ExemplarsAndMetadataOfV1) {
  Dice dice(3);
  for (int round = 0; round < 3000; ++round) {
    wire::v1::Exemplar exemplar;
    for (uint64_t n = dice.Below(4); n > 0; --n) {
      exemplar.add_labels()->set_name(dice.Text());
      exemplar.add_labels()->set_value(dice.Text());
    }
    exemplar.set_value(dice.Double());
    exemplar.set_timestamp(dice.Time());
    wire::v1::MetricMetadata metadata;
    metadata.set_type(static_cast<wire::v1::MetricMetadata_Type>(dice.Below(kMetricTypes)));
    metadata.set_metric_family_name(dice.Text());
    metadata.set_help(dice.Text());
    metadata.set_unit(dice.Text());
    EXPECT_TRUE(CompareExemplar(exemplar.SerializeAsString()));
    EXPECT_TRUE(CompareMetadata(metadata.SerializeAsString()));
    (void)CompareExemplar(dice.Damage(exemplar.SerializeAsString()));
    (void)CompareMetadata(dice.Damage(metadata.SerializeAsString()));
    if (HasFailure()) FAIL() << "round " << round;
  }
}

}  // namespace
}  // namespace outrider
