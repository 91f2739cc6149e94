// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/row_edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/ingest/decode_v1.h"
#include "storage/base/random.h"
#include "storage/window/chunk_block.h"
#include "tests/exporter/ingest/write_request.h"

namespace outrider {
namespace {

using testing::ElementsAre;

TEST(RowEdits, ComeBackAsTheyWere) {
  SeededRandom random(1);
  for (int round = 0; round < 300; ++round) {
    RowEdits edits;
    edits.rows = static_cast<uint32_t>(random.Next() % 300);
    if (round % 2 == 0) {
      edits.removed_label = "__replica__";
      edits.beside_label = "cluster";
    }
    const uint64_t density = 1 + random.Next() % 9;
    for (uint32_t row = 0; row < edits.rows; ++row) {
      if (random.Next() % density == 0) edits.left_out.push_back(row);
    }
    const std::string encoded = EncodeEdits(edits) + "body";
    std::string_view bytes = encoded;
    const StatusOr<RowEdits> got = CutEdits(&bytes);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(*got, edits);
    EXPECT_EQ(bytes, "body");
  }
  RowEdits half;
  half.rows = 1'000'000;
  for (uint32_t row = 500'000; row < half.rows; ++row) half.left_out.push_back(row);
  EXPECT_LT(EncodeEdits(half).size(), 20U) << "neighbours are one run";
}

TEST(RowEdits, WhatCannotBeIsRefused) {
  const auto numbers = [](std::initializer_list<uint64_t> values) {
    std::string bytes = {0, 0};  // no label
    for (const uint64_t value : values) PutVarint(value, &bytes);
    return bytes;
  };
  const std::string cases[] = {
      "",
      std::string(1, 5) + "abc",
      numbers({5}),
      numbers({5, 1}),
      numbers({5, 1, 0}),
      numbers({5, 1, 0, 0}),  // an empty run
      numbers({5, 1, 3, 3}),  // beyond the last row
      numbers({5, 2, 0, 5, 0, 1}),
      numbers({5, 1, UINT64_MAX, 2}),
      numbers({UINT64_MAX, 1, 0, UINT64_MAX}),
  };
  for (const std::string& bytes : cases) {
    std::string_view rest = bytes;
    EXPECT_FALSE(CutEdits(&rest).ok()) << testing::PrintToString(bytes);
  }
}

std::vector<std::string> Texts(const WriteRows& rows) {
  std::vector<std::string> texts;
  IncomingSeries series;
  for (uint32_t row = 0; row < rows.rows().size(); ++row) {
    EXPECT_TRUE(rows.Decode(row, &series).ok());
    const KeyedRow& keyed = rows.rows()[row];
    EXPECT_EQ(keyed.end - keyed.begin, series.samples.size());
    EXPECT_EQ(rows.samples()[keyed.begin].value, series.samples[0].value);
    texts.push_back(Labels::FromViews(series.labels).ToString());
  }
  return texts;
}

TEST(EditedRows, LeaveOutRowsAndALabel) {
  const std::string body = EncodeRaw({
      {{{"__name__", "a"}, {"r", "1"}, {"c", "x"}}, {{1, 1}}},
      {{{"__name__", "b"}, {"r", "1"}, {"c", "x"}}, {{1, 2}, {2, 3}}},
      {{{"__name__", "c"}, {"r", "2"}}, {{1, 4}}},
      {{{"__name__", "d"}, {"r", "2"}, {"c", "y"}}, {{1, 5}}},
  });
  V1Rows all;
  ASSERT_TRUE(all.Parse(body, 1).ok());
  EditedRows edited;
  RowEdits edits{.removed_label = "r", .beside_label = "c", .rows = 4, .left_out = {0}};
  ASSERT_TRUE(edited.Build(all, edits, 1).ok());
  EXPECT_THAT(Texts(edited), ElementsAre("b{c=\"x\"}", "c{r=\"2\"}", "d{c=\"y\"}"));
  EXPECT_THAT(edited.pairs(), ElementsAre(std::pair<std::string, std::string>("x", "1"),
                                          std::pair<std::string, std::string>("y", "2")));
  EXPECT_EQ(edited.source(0), 1U);
  EXPECT_NE(edited.rows()[0].key, all.rows()[1].key);  // the same bytes, another series
  EXPECT_EQ(edited.rows()[1].key, all.rows()[2].key);

  edits.rows = 5;  // made for something else
  ASSERT_TRUE(edited.Build(all, edits, 1).ok());
  EXPECT_EQ(edited.rows().size(), 4U);
}

}  // namespace
}  // namespace outrider
