// SPDX-License-Identifier: Apache-2.0
// Hostile templates end with an error; a set's rules of parsing and replacing.
#include <gtest/gtest.h>

#include "rules/template/template.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

std::string Repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::string ErrorOf(const std::string& text) {
  const StatusOr<std::string> out = TemplateSet(TemplateOptions()).ExecuteText(text, Value());
  return out.ok() ? "ok: " + out->substr(0, 40) : Message(out.status());
}

TemplateSet AllFunctions() {
  TemplateOptions options;
  options.functions = PrometheusFunctions();
  options.functions.insert(AlertmanagerFunctions().begin(), AlertmanagerFunctions().end());
  return TemplateSet(std::move(options));
}

TEST(TemplateLimits, EndWithAnError) {
  EXPECT_TRUE(
      Contains(ErrorOf("{{range 100000}}{{range 100000}}{{end}}{{end}}"), "too many steps"));
  EXPECT_TRUE(Contains(ErrorOf("{{range 200000}}0123456789{{end}}"), "larger than 1 MiB"));
  EXPECT_TRUE(Contains(ErrorOf("{{define \"r\"}}{{template \"r\"}}{{end}}{{template \"r\"}}"),
                       "exceeded maximum template depth"));
  EXPECT_TRUE(Contains(ErrorOf(Repeated("{{if 1}}", 5000)), "nested too deeply"));
  EXPECT_TRUE(
      Contains(ErrorOf("{{" + Repeated("(", 5000) + "1" + Repeated(")", 5000) + "}}"), "depth"));
  EXPECT_TRUE(Contains(ErrorOf("{{$x := \"0123456789\"}}{{range 60}}{{$x = print $x $x}}{{end}}"),
                       "larger than 1 MiB"));
  EXPECT_EQ(ErrorOf("{{printf \"%999999999d\" 1}}"), "ok: %!(NOVERB)%!(EXTRA int=1)");
  EXPECT_TRUE(Contains(ErrorOf("{{printf \"%9999999d\" 1}}"), "larger than 1 MiB"));
  // Work is counted by what is made, too: a thousand turns of a megabyte each are too many.
  EXPECT_TRUE(Contains(ErrorOf("{{range 1000}}{{len (printf \"%1000000d\" 1) | not}}{{end}}"),
                       "too many steps"));
}

// Small templates that would work for hours.
TEST(TemplateLimits, CountWorkAndNotOnlyNodes) {
  const TemplateSet set = AllFunctions();
  const char* const kMegabyte = "{{$t := printf \"%1000000d\" 1}}{{$u := $t}}";
  for (const char* body :
       {"{{range 100000}}{{$y := $t}}{{end}}", "{{range 100000}}{{$y := and $t $u}}{{end}}",
        "{{range 100000}}{{$y := eq $t $u}}{{end}}", "{{range 100000}}{{$y := len $t}}{{end}}",
        "{{range 100000}}{{$y := match \"1$\" $t}}{{end}}",
        "{{range 100000}}{{$y := match \"x{0,1000}\" \"x\"}}{{end}}",
        "{{range 100000}}{{$y := toUpper $t}}{{end}}",
        "{{range 400}}{{if and $t $t $t $t $t $t 0}}{{end}}{{end}}",
        "{{range 400}}{{if or (not $t) $t}}{{end}}{{end}}",
        "{{range 400}}{{with $t}}{{if and . . . . 0}}{{end}}{{end}}{{end}}",
        "{{$s := safeHtml $t}}{{range 400}}{{$y := $s}}{{end}}",
        "{{$l := list $t $t $t $t}}{{range 400}}{{range $l}}{{end}}{{end}}",
        "{{$l := list $t $t $t $t}}{{range 400}}{{range $i, $e := $l}}{{end}}{{end}}",
        "{{$l := list $t $t $t $t}}{{range 400}}{{if append $l 1}}{{end}}{{end}}",
        "{{$l := list $t $t $t $t}}{{range 400}}{{if slice $l 0 3}}{{end}}{{end}}",
        "{{$d := dict $t $t}}{{range 400}}{{range $d}}{{end}}{{end}}",
        // Regular expressions by what they compile to.
        "{{range 1000}}{{$y := match \"x{1000,}\" \"x\"}}{{end}}",
        "{{range 1000}}{{$y := match \"\\\\pL\\\\pL\\\\pL\" \"x\"}}{{end}}",
        "{{range 10}}{{$y := match \"[\\\\P{Greek}]{0,1000}\" \"x\"}}{{end}}"}) {
    const auto out = set.ExecuteText(std::string(kMegabyte) + body, Value());
    EXPECT_TRUE(!out.ok() && Contains(Message(out.status()), "too many steps")) << body;
  }
  const auto long_one = set.ExecuteText(
      "{{$p := printf \"%200000d\" 1}}{{range 100}}{{$y := match $p \"x\"}}{{end}}", Value());
  EXPECT_TRUE(!long_one.ok() && Contains(Message(long_one.status()), "too many steps"));
  // Lists that share their items are as large as they print.
  for (const char* last : {"toJson $x", "print $x", "printf \"%#v\" $x", "html $x", "$x"}) {
    const auto out = set.ExecuteText(
        std::string("{{$x := list 1}}{{range 60}}{{$x = list $x $x}}{{end}}{{") + last + "}}",
        Value());
    EXPECT_TRUE(!out.ok() && Contains(Message(out.status()), "larger than 1 MiB")) << last;
  }
}

// The destructor of a value follows what is nested in it.
TEST(TemplateLimits, ValuesAreNotNestedTooDeeply) {
  const TemplateSet set = AllFunctions();
  for (const char* deeper : {"list $x", "append (list) $x", "append $x $x", "dict \"k\" $x",
                             "args $x", "list (dict \"k\" $x)", "list (index (list $x) 0)"}) {
    const auto out = set.ExecuteText(
        std::string("{{$x := list 1}}{{range 70000}}{{$x = ") + deeper + "}}{{end}}", Value());
    EXPECT_TRUE(!out.ok() && Contains(Message(out.status()), "nested more than 64 deep")) << deeper;
  }
  const auto flat = set.ExecuteText(
      "{{$x := list 1}}{{range 1000}}{{$x = append $x (list 2)}}{{end}}{{len $x}}", Value());
  EXPECT_EQ(*flat, "1001");
}

// They would build gigabytes and more before anybody looked at their size.
TEST(TemplateLimits, ResultsAreBoundedWhileTheyAreBuilt) {
  const TemplateSet set = AllFunctions();
  const std::string many_lists = Repeated(" $l", 20'000);
  for (const std::string& body : std::initializer_list<std::string>{
           "reReplaceAll \" \" $s $s", "reReplaceAll \".+\" $groups $s", "print" + many_lists,
           "println" + many_lists, "html" + many_lists, "js" + many_lists, "urlquery" + many_lists,
           "printf \"\"" + many_lists, "join $s (stringSlice" + Repeated(" \"\"", 20'000) + ")"}) {
    const auto out = set.ExecuteText(
        "{{$s := printf \"%1000000d\" 1}}{{$l := list $s}}"
        "{{$groups := reReplaceAll \" \" \"$$0\" (printf \"%400000d\" 1)}}{{" +
            body + "}}",
        Value());
    EXPECT_TRUE(!out.ok() && Contains(Message(out.status()), "larger than 1 MiB"))
        << body.substr(0, 40) << ": " << (out.ok() ? "ok" : Message(out.status()).substr(0, 300));
  }
}

TEST(TemplateLimits, FollowingMarkupIsWork) {
  const TemplateSet set{TemplateOptions()};
  const std::string comment = "<!--" + Repeated("x", 100'000) + "-->";
  const auto comments = set.ExecuteHtml("{{range 1000}}" + comment + "{{end}}", Value());
  EXPECT_TRUE(!comments.ok() && Contains(Message(comments.status()), "too many steps"));
  for (const char* before : {"<script>", "<a onclick=\""}) {
    const auto nested = set.ExecuteHtml(before + Repeated("`${", 100'000) + " {{1}}", Value());
    EXPECT_TRUE(!nested.ok() && Contains(Message(nested.status()), "nested too deeply")) << before;
    EXPECT_TRUE(set.ExecuteHtml(before + Repeated("`${", 200) + " {{1}}", Value()).ok());
  }
}

// A search for the end of the script or of a part of the value at each step would take minutes
// here.
TEST(TemplateLimits, MarkupIsReadOnce) {
  const TemplateSet set{TemplateOptions()};
  for (const std::string& text : {"<script>" + Repeated("</ ", 150'000) + "</script>",
                                  "<script>" + Repeated("'</script>' ", 40'000) + "</script>{{1}}",
                                  "<meta content=\"" + Repeated("url=;", 150'000) + "{{1}}\">"}) {
    EXPECT_TRUE(set.ExecuteHtml(text, Value()).ok()) << text.substr(0, 40);
  }
}

TEST(TemplateLimits, ADictHasManyKeys) {
  std::string pairs;
  for (int i = 0; i < 40'000; ++i) pairs += " \"k" + std::to_string(i) + "\" 1";
  const auto out = AllFunctions().ExecuteText(
      "{{len (dict" + pairs + ")}} {{(dict \"a\" 1 \"b\" 2 \"a\" 3)}}", Value());
  EXPECT_EQ(*out, "40000 map[a:3 b:2]");
}

TEST(TemplateSet, LaterDefinitionsReplaceEarlierOnes) {
  TemplateSet set{TemplateOptions()};
  ASSERT_TRUE(set.Parse("a", "{{define \"x\"}}one{{end}}").ok());
  ASSERT_TRUE(set.Parse("b", "{{define \"x\"}}two{{end}}").ok());
  ASSERT_TRUE(set.Parse("c", "{{define \"x\"}} {{end}}").ok());  // an empty one replaces nothing
  EXPECT_EQ(set.Execute("x", Value()).value(), "two");
  EXPECT_EQ(set.ExecuteText("{{define \"x\"}}three{{end}}{{template \"x\"}}", Value()).value(),
            "three");
  EXPECT_EQ(set.Execute("x", Value()).value(), "two");
  EXPECT_FALSE(set.Execute("none", Value()).ok());
}

TEST(TemplateSet, AnErrorLeavesTheSetAsItWas) {
  TemplateSet set{TemplateOptions()};
  EXPECT_EQ(Message(set.Parse("f.tmpl", "{{define \"x\"}}1{{end}}\n{{nope}}")),
            "template: f.tmpl:2: function \"nope\" not defined");
  EXPECT_FALSE(set.Execute("x", Value()).ok());
  EXPECT_EQ(Message(set.Check("{{ .a")), "template: :1: unclosed action");
  EXPECT_TRUE(set.Check("{{ .a }}").ok());
}

}  // namespace
}  // namespace outrider::tmpl
