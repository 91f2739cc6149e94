// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/rule_reads.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

// `{matchers} {matchers} ?`
std::string Reads(const std::string& text) {
  const RuleReads reads = ReadsOfTexts({{"a", text}}, /*lookback=*/0, {});
  std::string out;
  for (const auto& selector : reads.selectors) {
    out += out.empty() ? "{" : " {";
    for (size_t i = 0; i < selector.matchers.size(); ++i) {
      out += (i > 0 ? "," : "") + selector.matchers[i].ToString();
    }
    out += "}";
  }
  if (reads.anything) out += out.empty() ? "?" : " ?";
  return out;
}

TEST(RuleReads, OfTexts) {
  const struct {
    const char* text;
    const char* reads;
  } kCases[] = {
      {"no action: query x", ""},
      {"{{ $labels.query }}", ""},
      {"{{ query \"up\" }}", "{__name__=\"up\"}"},
      {"{{ query `up` | first | value | printf \"%.2f\" }}", "{__name__=\"up\"}"},
      {"{{ \"up\" | query | first }}", "{__name__=\"up\"}"},
      {"{{ with query \"a + b\" }}{{ . | first | value }}{{ end }}",
       "{__name__=\"a\"} {__name__=\"b\"}"},
      {"{{ range (query \"a\") }}{{ query \"b\" }}{{ else }}{{ query \"c\" }}{{ end }}",
       "{__name__=\"a\"} {__name__=\"b\"} {__name__=\"c\"}"},
      {"{{ if gt (query \"a\" | first | value) 5.0 }}x{{ end }}", "{__name__=\"a\"}"},
      {"{{ (query \"a\" | first).Value }}", "{__name__=\"a\"}"},
      {"{{ $x := query \"a\" }}", "{__name__=\"a\"}"},
      // What printf fills in may be anything.
      {"{{ printf \"a{i='%s',j='x'}\" $labels.i | query }}", "{j=\"x\",__name__=\"a\"}"},
      {"{{ query (printf \"a{i=%q}\" $labels.i) }}", "{__name__=\"a\"}"},
      {"{{ query (printf \"a{i=~'x%-3v.*'} > 100 %% 3\" $labels.i) }}", "{__name__=\"a\"}"},
      {"{{ printf \"%s\" $labels.i | query }}", "?"},
      {"{{ printf \"{__name__=%q}\" $labels.i | query }}", "?"},
      {"{{ printf \"{__name__=%q,j!='x'}\" $labels.i | query }}", "?"},
      {"{{ query $labels.i }}", "?"},
      {"{{ query \"a\" }}{{ query .Value }}", "{__name__=\"a\"} ?"},
      {"{{ query \"a +\" }}", ""},  // always an error
      {"{{ define \"t\" }}{{ query \"a\" }}{{ end }}{{ template \"t\" }}", "{__name__=\"a\"}"},
      {"{{ query", ""},
  };
  for (const auto& c : kCases) EXPECT_EQ(Reads(c.text), c.reads) << c.text;
}

TEST(RuleReads, ReachWithTheirRange) {
  const RuleReads reads =
      ReadsOfTexts({{"a", "{{ query \"rate(x[1h] offset 1d)\" }}"}}, 5 * kMinute, {});
  ASSERT_EQ(reads.selectors.size(), 1U);
  EXPECT_EQ(reads.selectors[0].horizon, kDay + kHour);
}

}  // namespace
}  // namespace outrider
