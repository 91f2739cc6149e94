// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/decode_v1_extra.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/ingest/decode_v2.h"
#include "tests/exporter/ingest/wire_build.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(DecodeExemplarV1, AsSent) {
  const std::string message = Wire()
                                  .Double(2, 0.5)
                                  .Bytes(1, Wire().Bytes(1, "trace_id").Bytes(2, "x"))
                                  .Bytes(1, Wire().Bytes(2, "no name"))
                                  .Int64(3, -4)
                                  .Bytes(9, "new")
                                  .str();
  IncomingExemplar exemplar;
  exemplar.labels.resize(3);
  ASSERT_TRUE(DecodeExemplarV1(message, &exemplar).ok());
  EXPECT_THAT(exemplar.labels, ElementsAre(LabelView{"trace_id", "x"}, LabelView{"", "no name"}));
  EXPECT_EQ(exemplar.value, 0.5);
  EXPECT_EQ(exemplar.time, -4);
  ASSERT_TRUE(DecodeExemplarV1("", &exemplar).ok());
  EXPECT_THAT(exemplar.labels, IsEmpty());
  EXPECT_EQ(exemplar.time, 0);
}

TEST(DecodeExemplarV1, LabelsAreBounded) {
  Wire message;
  for (size_t i = 0; i < 3 * kMaxExemplarLabels; ++i) message.Bytes(1, "");
  IncomingExemplar exemplar;
  ASSERT_TRUE(DecodeExemplarV1(message.str(), &exemplar).ok());
  EXPECT_EQ(exemplar.labels.size(), kMaxExemplarLabels);
}

TEST(DecodeMetadataV1, AsSent) {
  const std::string message =
      Wire().Varint(1, 5).Bytes(2, "rpc").Bytes(4, "Calls.\n").Bytes(5, "seconds").str();
  std::string_view family;
  IncomingMetadata metadata;
  ASSERT_TRUE(DecodeMetadataV1(message, &family, &metadata).ok());
  EXPECT_EQ(family, "rpc");
  EXPECT_EQ(metadata.type, MetricType::kSummary);
  EXPECT_EQ(metadata.help, "Calls.\n");
  EXPECT_EQ(metadata.unit, "seconds");
  ASSERT_TRUE(DecodeMetadataV1(Wire().Varint(1, 8).Varint(3, 1).str(), &family, &metadata).ok());
  EXPECT_EQ(metadata.type, MetricType::kUnknown);
  EXPECT_TRUE(family.empty() && metadata.help.empty() && metadata.unit.empty());
}

TEST(DecodeV1Extra, BrokenMessages) {
  struct Case {
    bool exemplar;
    const char* text;
    Wire message;
  };
  const Case cases[] = {
      {true, "protobuf: field 1 of Exemplar has a wrong type", Wire().Varint(1, 1)},
      {true, "protobuf: field 2 of Exemplar has a wrong type", Wire().Varint(2, 1)},
      {true, "protobuf: field 2 of Label has a wrong type", Wire().Bytes(1, Wire().Varint(2, 1))},
      {true, "protobuf: cut off", Wire().Tag(2, 1)},
      {false, "protobuf: field 1 of MetricMetadata has a wrong type", Wire().Bytes(1, "")},
      {false, "protobuf: field 5 of MetricMetadata has a wrong type", Wire().Varint(5, 1)},
      {false, "protobuf: cut off", Wire().Tag(2, 2)},
  };
  for (const Case& one : cases) {
    IncomingExemplar exemplar;
    std::string_view family;
    IncomingMetadata metadata;
    const Status status = one.exemplar ? DecodeExemplarV1(one.message.str(), &exemplar)
                                       : DecodeMetadataV1(one.message.str(), &family, &metadata);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << one.text;
    EXPECT_EQ(Message(status), one.text);
  }
}

}  // namespace
}  // namespace outrider
