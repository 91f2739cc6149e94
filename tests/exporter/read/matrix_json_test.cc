// SPDX-License-Identifier: Apache-2.0
#include "exporter/read/matrix_json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace outrider {
namespace {

// `name=value … | time:value …;` by series, then warnings; or the error.
std::string Read(std::string_view body) {
  std::string text;
  std::vector<std::string> warnings;
  const Status status = ReadMatrixJson(
      body,
      [&](const MatrixRow& row) {
        for (const auto& [name, value] : row.labels) text += fmt::format("{}={} ", name, value);
        text += "|";
        for (const Sample& sample : row.samples)
          text += fmt::format(" {}:{}", sample.time, sample.value);
        text += row.histograms ? " H;" : ";";
      },
      &warnings);
  for (const std::string& warning : warnings) text += "!" + warning;
  return status.ok() ? text : Message(status);
}

TEST(MatrixJson, Reads) {
  const struct {
    const char* body;
    const char* rows;
  } kCases[] = {
      {R"({"status":"success","data":{"resultType":"matrix","result":[]}})", ""},
      {R"({"data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1.5,"2"],[3,"NaN"]]},)"
       R"({"values":[],"metric":{}}]}})",
       "a=b | 1500:2 3000:nan;|;"},
      {R"( { "data" : { "result" : [ { "metric" : { } , "values" : [ [ 1 , "+Inf" ] ] } ] } } )",
       "| 1000:inf;"},
      {R"({"data":{"result":[{"metric":{"a":"q\"\\\u00e9\n"},"values":[[-0.001,"-1e3"]]}]}})",
       "a=q\"\\é\n | -1:-1000;"},
      {R"({"data":{"stats":{"x":[1,{"y":null}]},"result":[{"metric":{},"histograms":[[1,{"count":"1"}]]}]},)"
       R"("warnings":["w"],"infos":["i"],"other":[true,false,-1.5e3,{}]})",
       "| H;!w"},
      {R"({"status":"success","isPartial":true,"data":{"result":[]},"warnings":["w"]})",
       "!the server calls its answer incomplete (isPartial)!w"},
      {R"({"isPartial":false,"data":{"result":[]}})", ""},
      {R"({"isPartial":"true","data":{"isPartial":true,"result":[]}})", ""},
      {R"({"data":{"resultType":"vector","result":[]}})",
       "byte 30 of the answer: a result of type vector, not matrix"},
      {R"({"status":"success"})", "byte 20 of the answer: no data in it"},
      {R"({"data":{}} x)", "byte 12 of the answer: something behind its end"},
      {R"({"data":{"result":[{"values":[[1,2]]}]}})", "byte 33 of the answer: expected \""},
      {R"({"data":{"result":[{"values":[["1","2"]]}]}})",
       "byte 31 of the answer: expected a time in seconds"},
      {R"({"data":{"result":[{"values":[[1e30,"2"]]}]}})",
       "byte 35 of the answer: a time out of reach"},
      {R"({"data":{"result":[{"values":[[1,"x"]]}]}})", "byte 36 of the answer: expected a value"},
      {R"({"data":{"result":[{"metric":{"a)", "byte 32 of the answer: a text does not end"},
      {"", "byte 0 of the answer: expected {"},
      {"<html>", "byte 0 of the answer: expected {"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Read(c.body), c.rows) << c.body;
}

TEST(MatrixJson, BoundsNesting) {
  const std::string deep = R"({"x":)" + std::string(100'000, '[');
  EXPECT_EQ(Read(deep), "byte 70 of the answer: nested too deep");
}

// Whatever is cut off or damaged is an error, and no more than that.
TEST(MatrixJson, SurvivesDamage) {
  const std::string good =
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"\u00e9"},"values":[[1.5,"2"]]}]}})";
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_TRUE(Read(good.substr(0, size)).starts_with("byte ")) << size;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random());
    Read(bad);
  }
}

}  // namespace
}  // namespace outrider
