// SPDX-License-Identifier: Apache-2.0
// The recursive descent itself; only parser.cc, parse_selector.cc and parse_duration.cc include it.
//
// Binary operators are parsed by precedence climbing; everything else is a method per construct.
// The first error ends the parse. Depth is bounded twice: by the recursion (`Guard`) and by the
// tree that loops build (`Expr::depth`).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/promql/ast.h"
#include "rules/promql/engine.h"
#include "rules/promql/lexer.h"
#include "rules/promql/limits.h"

namespace outrider::promql {

class Parser {
 public:
  Parser(std::string_view query, const ParseOptions& options)
      : query_(query), options_(options), lexer_(query) {
    Advance();
  }

  StatusOr<ExprPtr> ParseAll();
  StatusOr<VectorSelector> ParseSelectorAlone();

  // A parse error at a position, with Prometheus' prefix.
  Status ErrorAt(uint32_t pos, const std::string& message) const;

 private:
  // parser.cc: expressions.
  StatusOr<ExprPtr> ParseBinary(int min_precedence);
  StatusOr<ExprPtr> ParseUnary();
  StatusOr<ExprPtr> ParsePrimary();
  StatusOr<ExprPtr> ParsePostfix(ExprPtr expr);
  bool StartsExpression() const;
  StatusOr<ExprPtr> ParseParen();
  StatusOr<ExprPtr> ParseNumber();
  StatusOr<ExprPtr> ParseString();
  StatusOr<ExprPtr> ParseAggregate();
  StatusOr<ExprPtr> ParseCall();
  StatusOr<std::vector<ExprPtr>> ParseArguments();
  StatusOr<std::vector<std::string>> ParseGroupingLabels();
  Status ParseBinaryModifiers(BinaryExpr* binary);
  Status ParseFillModifiers(VectorMatching* matching);
  StatusOr<double> ParseFillValue();
  StatusOr<ExprPtr> Finish(Expr expr, PosRange pos) const;

  // parse_selector.cc: selectors and their modifiers.
  StatusOr<ExprPtr> ParseVectorSelector();
  Status ParseMatchers(VectorSelector* selector);
  Status ParseMatcher(VectorSelector* selector);
  Status AddMatcher(VectorSelector* selector, MatchType type, const Item& label, const Item& value);
  StatusOr<ExprPtr> ParseBracket(ExprPtr expr);
  Status ParseOffset(Expr* expr);
  Status ParseAt(Expr* expr);
  Status ParseExtension(Expr* expr);
  StatusOr<double> ParseAtNumber(const Expr& expr);

  // parse_duration.cc: numbers, durations, duration expressions.
  using DurationPtr = std::unique_ptr<DurationExpr>;
  StatusOr<double> NumberValue(const Item& item) const;
  StatusOr<DurationMs> DurationValue(const Item& item) const;
  StatusOr<DurationPtr> ParseDurationSum(int min_strength);
  StatusOr<DurationPtr> ParseSignedDuration(int reach);
  StatusOr<DurationPtr> ParseDurationOperand();
  StatusOr<DurationPtr> ParseDurationLiteral();
  StatusOr<DurationPtr> ParseDurationParen();
  StatusOr<DurationPtr> ParseDurationWord();
  StatusOr<DurationPtr> NewDuration(Token op, DurationPtr lhs, DurationPtr rhs, PosRange pos) const;
  StatusOr<DurationSpec> ParsePositiveDuration();
  StatusOr<DurationSpec> ParseOffsetDuration();

  void Advance() { current_ = lexer_.Next(); }
  // Takes the current item; `end_` remembers where it ended.
  Item Take() {
    Item item = std::move(current_);
    end_ = item.end();
    Advance();
    return item;
  }
  bool At(Token token) const { return current_.token == token; }
  // What is being parsed, for messages about what does not fit.
  struct Context {
    std::string_view what;
    std::string_view expected;
  };
  // Sets the context as long as it lives.
  class Within {
   public:
    Within(Parser* parser, Context context)
        : parser_(parser), outer_(std::exchange(parser->context_, context)) {}
    ~Within() { parser_->context_ = outer_; }
    Within(const Within&) = delete;
    Within& operator=(const Within&) = delete;

   private:
    Parser* parser_;
    Context outer_;
  };
  Status Unexpected() const { return Unexpected(context_); }
  Status Unexpected(Context context) const;
  Status Expect(Token token) { return Expect(token, context_); }
  Status Expect(Token token, Context context);
  // Prometheus has read one token ahead where it finds some errors: what is wrong with that comes
  // first.
  Status ErrorBehind(uint32_t pos, const std::string& message) const {
    return At(Token::kError) ? Unexpected() : ErrorAt(pos, message);
  }
  StatusOr<std::string> Unquoted(const Item& item) const;

  // Counts open recursion.
  class Guard {
   public:
    explicit Guard(int* depth) : depth_(depth) { ++*depth_; }
    ~Guard() { --*depth_; }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    int* depth_;
  };
  Status CheckDepth() const;

  std::string_view query_;
  ParseOptions options_;
  Lexer lexer_;
  Item current_;
  uint32_t end_ = 0;
  int recursion_ = 0;
  Context context_{};
};

}  // namespace outrider::promql
