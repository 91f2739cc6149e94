// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/junit.h"

#include <fmt/format.h>

#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Text or an attribute's value; characters that XML does not know become U+FFFD.
std::string EscapeXml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      case '\t':
        out += "&#9;";
        break;
      default:
        out +=
            static_cast<unsigned char>(c) < 0x20 ? std::string("\xEF\xBF\xBD") : std::string(1, c);
    }
  }
  return out;
}

double Seconds(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerSecond; }

std::string Case(const RuleTestResult& suite, const RuleCaseResult& one) {
  std::string text =
      fmt::format(R"(    <testcase classname="{}" name="{}" file="{}" line="{}" time="{:.6f}")",
                  EscapeXml(suite.path), EscapeXml(one.name), EscapeXml(suite.path), one.place.line,
                  Seconds(one.nanos));
  if (one.passed()) return text + "/>\n";
  return text +
         fmt::format(">\n      <failure message=\"{} differences\">{}</failure>\n    </testcase>\n",
                     one.failures.size(), EscapeXml(Join(one.failures, "\n")));
}

std::string Suite(const RuleTestResult& suite, const std::string& timestamp) {
  int64_t nanos = 0;
  size_t failures = 0;
  for (const RuleCaseResult& one : suite.cases) {
    nanos += one.nanos;
    failures += one.passed() ? 0 : 1;
  }
  const bool aborted = !suite.aborted.ok();
  std::string text = fmt::format(
      R"(  <testsuite name="{}" tests="{}" failures="{}" errors="{}" skipped="0" timestamp="{}" time="{:.6f}">)"
      "\n",
      EscapeXml(suite.path), suite.cases.size() + (aborted ? 1 : 0), failures, aborted ? 1 : 0,
      timestamp, Seconds(nanos));
  if (aborted) {
    text += fmt::format(
        "    <testcase classname=\"{0}\" name=\"unknown\">\n      <error>{1}</error>\n"
        "    </testcase>\n",
        EscapeXml(suite.path), EscapeXml(Message(suite.aborted)));
  }
  for (const RuleCaseResult& one : suite.cases) text += Case(suite, one);
  return text + "  </testsuite>\n";
}

}  // namespace

std::string JunitXml(std::span<const RuleTestResult> results, Nanos now) {
  // Seconds without a zone, as most writers have it.
  const std::string timestamp = FormatRfc3339(now).substr(0, 19);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const RuleTestResult& suite : results) text += Suite(suite, timestamp);
  return text + "</testsuites>\n";
}

}  // namespace outrider
