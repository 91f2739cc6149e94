// SPDX-License-Identifier: Apache-2.0
// Contextual escaping; the expected texts are what Go's html/template writes.
#include <gtest/gtest.h>

#include "rules/template/template.h"

namespace outrider::tmpl {
namespace {

struct Case {
  const char* text;
  const char* want;
};

class HtmlEscaping : public ::testing::TestWithParam<Case> {};
TEST_P(HtmlEscaping, FitsTheContext) {
  Object data;
  data.kind = Object::Kind::kMap;
  data.fields = {{"h", "<b>\"x\" & 'y' +1</b>"},
                 {"u", "http://h/a b?q=<x>&r=1"},
                 {"js", "javascript:alert(1)"},
                 {"safe", SafeHtml{"<i>ok</i>"}}};
  const TemplateSet set{TemplateOptions()};
  EXPECT_EQ(set.ExecuteHtml(GetParam().text, Value(std::move(data))).value(), GetParam().want)
      << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(
    Table, HtmlEscaping,
    ::testing::Values(
        Case{"<p>{{.h}}</p>", "<p>&lt;b&gt;&#34;x&#34; &amp; &#39;y&#39; &#43;1&lt;/b&gt;</p>"},
        Case{"<p title=\"{{.h}}\">",
             "<p title=\"&lt;b&gt;&#34;x&#34; &amp; &#39;y&#39; &#43;1&lt;/b&gt;\">"},
        Case{"<a href=\"{{.u}}\">", "<a href=\"http://h/a%20b?q=%3cx%3e&amp;r=1\">"},
        Case{"<a href='{{.js}}'>", "<a href='#ZgotmplZ'>"},
        Case{"<a href=\"/x?q={{.h}}\">",
             "<a href=\"/x?q=%3cb%3e%22x%22%20%26%20%27y%27%20%2b1%3c%2fb%3e\">"},
        Case{"<a href=\"/x?q={{.h | urlquery}}\">",
             "<a href=\"/x?q=%3Cb%3E%22x%22&#43;%26&#43;%27y%27&#43;%2B1%3C%2Fb%3E\">"},
        Case{"{{.safe}} {{.h | html}}",
             "<i>ok</i> &lt;b&gt;&#34;x&#34; &amp; &#39;y&#39; +1&lt;/b&gt;"},
        Case{"<!-- {{.h}} --><br>{{.missing}}|", "<br>|"},
        Case{"<title>{{.safe}}</title>{{.safe}}", "<title>&lt;i&gt;ok&lt;/i&gt;</title><i>ok</i>"},
        Case{"<script>var x = {{.js}};</script>",
             "<script>var x = \"javascript:alert(1)\";</script>"},
        // Go takes these regular expressions for divisions, and x for a part of a string.
        Case{"<script>x = a < /'/.y + {{.js}}</script>",
             "<script>x = a < /'/.y + \"javascript:alert(1)\"</script>"},
        Case{"<script>x = a - /'/.y + {{.js}}</script>",
             "<script>x = a - /'/.y + \"javascript:alert(1)\"</script>"},
        Case{"<script>`a` / {{.js}}</script>", "<script>`a` / \"javascript:alert(1)\"</script>"},
        Case{"<a onclick=\"x(&quotx + {{.js}})\">",
             "<a onclick=\"x(&quotx + &#34;javascript:alert(1)&#34;)\">"}));

}  // namespace
}  // namespace outrider::tmpl
