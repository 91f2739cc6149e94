// SPDX-License-Identifier: Apache-2.0
// Expressions: precedence climbing over binary operators (low to high: or; and unless; comparisons;
// + -;
// * / % atan2 and signs; ^, which is right associative), then postfix modifiers, then primaries.
#include "rules/promql/parser.h"

#include <fmt/format.h>

#include "rules/promql/functions/table.h"
#include "rules/promql/parser_state.h"
#include "rules/promql/plan.h"
#include "rules/promql/type_check.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

constexpr int kLowest = 1;
constexpr int kPowPrecedence = 6;

// 0: not a binary operator.
int Precedence(Token op) {
  switch (op) {
    case Token::kOr:
      return kLowest;
    case Token::kAnd:
    case Token::kUnless:
      return 2;
    case Token::kEqual:
    case Token::kNotEqual:
    case Token::kLess:
    case Token::kLessEqual:
    case Token::kGreater:
    case Token::kGreaterEqual:
    case Token::kTrimUpper:
    case Token::kTrimLower:
      return 3;
    case Token::kAdd:
    case Token::kSub:
      return 4;
    case Token::kMul:
    case Token::kDiv:
    case Token::kMod:
    case Token::kAtan2:
      return 5;
    case Token::kPow:
      return kPowPrecedence;
    default:
      return 0;
  }
}

// Words that are also metric names where a name may stand.
bool IsNameLike(Token t) {
  switch (t) {
    case Token::kBool:
    case Token::kOn:
    case Token::kIgnoring:
    case Token::kGroupLeft:
    case Token::kGroupRight:
      return false;
    case Token::kIdentifier:
    case Token::kMetricIdentifier:
    case Token::kAnd:
    case Token::kOr:
    case Token::kUnless:
      return true;
    default:
      return IsAggregator(t) || IsKeyword(t);
  }
}

bool IsDurationFunction(Token t) {
  return t == Token::kStart || t == Token::kEnd || t == Token::kStep || t == Token::kRange ||
         t == Token::kMinOf || t == Token::kMaxOf;
}

}  // namespace

Status Parser::ErrorAt(uint32_t pos, const std::string& message) const {
  return InvalidArgument(fmt::format("{}: parse error: {}", PositionText(query_, pos), message));
}

Status Parser::Unexpected(Context context) const {
  if (At(Token::kError)) return ErrorAt(current_.pos, current_.error);
  std::string message = "unexpected " + Describe(current_);
  if (!context.what.empty()) message += fmt::format(" in {}", context.what);
  if (!context.expected.empty()) message += fmt::format(", expected {}", context.expected);
  return ErrorAt(current_.pos, message);
}

Status Parser::Expect(Token token, Context context) {
  if (!At(token)) return Unexpected(context);
  Take();
  return {};
}

Status Parser::CheckDepth() const {
  if (recursion_ <= kMaxDepth) return {};
  return ErrorAt(current_.pos, fmt::format("expression nests deeper than {} levels", kMaxDepth));
}

StatusOr<std::string> Parser::Unquoted(const Item& item) const {
  StatusOr<std::string> value = Unquote(item.text);
  if (value.ok()) return value;
  return ErrorAt(item.pos, fmt::format("error unquoting string {}: {}", Quote(item.text),
                                       Message(value.status())));
}

StatusOr<ExprPtr> Parser::Finish(Expr expr, PosRange pos) const {
  for (const Expr* child : ChildrenOf(expr)) expr.depth = std::max(expr.depth, child->depth + 1);
  if (expr.depth > kMaxDepth) {
    return ErrorAt(pos.start, fmt::format("expression nests deeper than {} levels", kMaxDepth));
  }
  expr.pos = pos;
  return std::make_unique<Expr>(std::move(expr));
}

StatusOr<ExprPtr> Parser::ParseAll() {
  if (At(Token::kEof)) return ErrorAt(0, "no expression found in input");
  ExprPtr expr = TRY(ParseBinary(kLowest));
  if (!At(Token::kEof)) return Unexpected();
  return expr;
}

StatusOr<ExprPtr> Parser::ParseBinary(int min_precedence) {
  const Guard guard(&recursion_);
  TRY(CheckDepth());
  ExprPtr lhs = TRY(ParseUnary());
  while (true) {
    const Token op = current_.token;
    const int precedence = Precedence(op);
    if (precedence == 0 || precedence < min_precedence) return lhs;
    Take();
    BinaryExpr binary{.op = op};
    if (IsSetOperator(op)) binary.matching.card = Cardinality::kManyToMany;
    TRY(ParseBinaryModifiers(&binary));
    binary.rhs = TRY(ParseBinary(op == Token::kPow ? precedence : precedence + 1));
    binary.lhs = std::move(lhs);
    const PosRange pos{binary.lhs->pos.start, binary.rhs->pos.end};
    if (binary.matching.fills() && !options_.binop_fill_modifiers) {
      return ErrorBehind(pos.start, "binop fill modifiers are experimental and not enabled");
    }
    lhs = TRY(Finish({.node = std::move(binary)}, pos));
  }
}

Status Parser::ParseBinaryModifiers(BinaryExpr* binary) {
  if (At(Token::kBool)) {
    Take();
    binary->return_bool = true;
  }
  VectorMatching& matching = binary->matching;
  if (At(Token::kOn) || At(Token::kIgnoring)) {
    matching.on = Take().token == Token::kOn;
    matching.written = true;
    matching.labels = TRY(ParseGroupingLabels());
    if (At(Token::kGroupLeft) || At(Token::kGroupRight)) {
      matching.card =
          Take().token == Token::kGroupLeft ? Cardinality::kManyToOne : Cardinality::kOneToMany;
      if (!At(Token::kFill) && !At(Token::kFillLeft) && !At(Token::kFillRight) &&
          (At(Token::kLeftParen) || !StartsExpression())) {
        matching.include = TRY(ParseGroupingLabels());
      }
    }
  }
  return ParseFillModifiers(&matching);
}

// fill(x), or fill_left(x) and fill_right(x) in any order.
Status Parser::ParseFillModifiers(VectorMatching* matching) {
  if (At(Token::kFill)) {
    Take();
    matching->fill_left = matching->fill_right = TRY(ParseFillValue());
    return {};
  }
  while ((At(Token::kFillLeft) && !matching->fill_left) ||
         (At(Token::kFillRight) && !matching->fill_right)) {
    std::optional<double>& side =
        Take().token == Token::kFillLeft ? matching->fill_left : matching->fill_right;
    side = TRY(ParseFillValue());
  }
  return {};
}

StatusOr<double> Parser::ParseFillValue() {
  TRY(Expect(Token::kLeftParen));
  double sign = 1;
  if (At(Token::kAdd) || At(Token::kSub)) sign = Take().token == Token::kSub ? -1 : 1;
  if (!At(Token::kNumber) && !At(Token::kDuration)) return Unexpected();
  const ExprPtr number = TRY(ParseNumber());
  TRY(Expect(Token::kRightParen));
  return sign * std::get<NumberLiteral>(number->node).value;
}

// A sign binds like `*`, so that -1^2 is -(1^2).
StatusOr<ExprPtr> Parser::ParseUnary() {
  if (!At(Token::kAdd) && !At(Token::kSub)) {
    ExprPtr primary = TRY(ParsePrimary());
    return ParsePostfix(std::move(primary));
  }
  const Guard guard(&recursion_);
  TRY(CheckDepth());
  const Item sign = Take();
  const bool negate = sign.token == Token::kSub;
  ExprPtr operand = TRY(ParseBinary(kPowPrecedence));
  if (auto* number = std::get_if<NumberLiteral>(&operand->node)) {
    if (negate) number->value = -number->value;
    operand->pos.start = sign.pos;
    return operand;
  }
  const PosRange pos{sign.pos, operand->pos.end};
  return Finish({.node = UnaryExpr{.negate = negate, .expr = std::move(operand)}}, pos);
}

StatusOr<ExprPtr> Parser::ParsePostfix(ExprPtr expr) {
  while (true) {
    switch (current_.token) {
      case Token::kLeftBracket:
        expr = TRY(ParseBracket(std::move(expr)));
        break;
      case Token::kOffset:
        TRY(ParseOffset(expr.get()));
        break;
      case Token::kAt:
        TRY(ParseAt(expr.get()));
        break;
      case Token::kAnchored:
      case Token::kSmoothed:
        TRY(ParseExtension(expr.get()));
        break;
      default:
        return expr;
    }
  }
}

bool Parser::StartsExpression() const {
  switch (current_.token) {
    case Token::kLeftParen:
    case Token::kNumber:
    case Token::kDuration:
    case Token::kString:
    case Token::kLeftBrace:
    case Token::kAdd:
    case Token::kSub:
      return true;
    default:
      return IsNameLike(current_.token);
  }
}

StatusOr<ExprPtr> Parser::ParsePrimary() {
  switch (current_.token) {
    case Token::kLeftParen:
      return ParseParen();
    case Token::kNumber:
    case Token::kDuration:
      return ParseNumber();
    case Token::kString:
      return ParseString();
    case Token::kLeftBrace:
      return ParseVectorSelector();
    default:
      break;
  }
  if (!IsNameLike(current_.token)) return Unexpected();
  // A word: what follows tells a call or an aggregation from a metric of that name.
  Lexer ahead = lexer_;
  const Token next =
      At(Token::kIdentifier) || !At(Token::kMetricIdentifier) ? ahead.Next().token : Token::kEof;
  if (IsAggregator(current_.token) &&
      (next == Token::kLeftParen || next == Token::kBy || next == Token::kWithout)) {
    return ParseAggregate();
  }
  const bool callable = At(Token::kIdentifier) || IsDurationFunction(current_.token);
  if (callable && next == Token::kLeftParen) return ParseCall();
  return ParseVectorSelector();
}

StatusOr<ExprPtr> Parser::ParseParen() {
  const uint32_t start = Take().pos;
  ExprPtr inner = TRY(ParseBinary(kLowest));
  TRY(Expect(Token::kRightParen));
  return Finish({.node = ParenExpr{std::move(inner)}}, {start, end_});
}

StatusOr<ExprPtr> Parser::ParseNumber() {
  const Item item = Take();
  NumberLiteral literal;
  if (item.token == Token::kDuration) {
    literal.value = static_cast<double>(TRY(DurationValue(item))) / 1000;
    literal.written_as_duration = true;
  } else {
    literal.value = TRY(NumberValue(item));
  }
  return Finish({.node = literal}, {item.pos, item.end()});
}

StatusOr<ExprPtr> Parser::ParseString() {
  const Item item = Take();
  std::string value = TRY(Unquoted(item));
  return Finish({.node = StringLiteral{std::move(value)}}, {item.pos, item.end()});
}

StatusOr<std::vector<ExprPtr>> Parser::ParseArguments() {
  TRY(Expect(Token::kLeftParen));
  std::vector<ExprPtr> args;
  if (!At(Token::kRightParen)) {
    while (true) {
      args.push_back(TRY(ParseBinary(kLowest)));
      if (!At(Token::kComma)) break;
      const Item comma = Take();
      if (!StartsExpression()) {
        return ErrorBehind(comma.pos, "trailing commas not allowed in function call args");
      }
    }
  }
  TRY(Expect(Token::kRightParen));
  return args;
}

StatusOr<ExprPtr> Parser::ParseCall() {
  const Item name = Take();
  Call call;
  call.args = TRY(ParseArguments());
  call.function = FindFunction(name.text);
  if (call.function == nullptr) {
    return ErrorAt(name.pos, fmt::format("unknown function with name {}", Quote(name.text)));
  }
  if ((call.function->flags & FunctionEntry::kExperimental) && !options_.experimental_functions) {
    return ErrorAt(name.pos, fmt::format("function {} is not enabled", Quote(name.text)));
  }
  return Finish({.node = std::move(call)}, {name.pos, end_});
}

StatusOr<ExprPtr> Parser::ParseAggregate() {
  const Item op = Take();
  const Within aggregation(this, {"aggregation", ""});
  AggregateExpr aggregate{.op = op.token};
  bool grouped = false;
  const auto parse_grouping = [&]() -> Status {
    if (!At(Token::kBy) && !At(Token::kWithout)) return {};
    grouped = true;
    aggregate.without = Take().token == Token::kWithout;
    aggregate.grouping = TRY(ParseGroupingLabels());
    return {};
  };
  TRY(parse_grouping());
  std::vector<ExprPtr> args = TRY(ParseArguments());
  if (!grouped) {
    if (At(Token::kError)) return Unexpected();
    TRY(parse_grouping());
  }

  const size_t count = args.size();
  const size_t wanted = HasParameter(op.token) ? 2 : 1;
  const bool experimental = op.token == Token::kLimitk || op.token == Token::kLimitRatio;
  if (count == 0) return ErrorAt(op.pos, "no arguments for aggregate expression provided");
  if (experimental && !options_.experimental_functions) {
    return ErrorAt(op.pos, fmt::format("{}() is experimental and must be enabled with "
                                       "--enable-feature=promql-experimental-functions",
                                       TokenText(op.token)));
  }
  if (count != wanted) {
    return ErrorAt(op.pos, fmt::format("wrong number of arguments for aggregate expression "
                                       "provided, expected {}, got {}",
                                       wanted, count));
  }
  if (wanted == 2) aggregate.param = std::move(args[0]);
  aggregate.expr = std::move(args.back());
  return Finish({.node = std::move(aggregate)}, {op.pos, end_});
}

StatusOr<std::vector<std::string>> Parser::ParseGroupingLabels() {
  constexpr std::string_view kWhat = "grouping opts";
  constexpr Context kSeparator{kWhat, "\",\" or \")\""};
  TRY(Expect(Token::kLeftParen, {kWhat, "\"(\""}));
  std::vector<std::string> labels;
  while (!At(Token::kRightParen)) {
    // The one keyword that is no label name in Prometheus.
    if (At(Token::kWithout)) return Unexpected({kWhat, "label"});
    if (At(Token::kString)) {
      const Item item = Take();
      std::string label = TRY(Unquoted(item));
      if (label.empty() || !IsValidUtf8(label)) {
        return ErrorAt(item.pos, fmt::format("invalid label name for grouping: {}", Quote(label)));
      }
      labels.push_back(std::move(label));
    } else if (At(Token::kIdentifier) || At(Token::kMetricIdentifier) ||
               IsAggregator(current_.token) || IsKeyword(current_.token) ||
               IsSetOperator(current_.token) || At(Token::kAtan2)) {
      labels.emplace_back(Take().text);
    } else {
      return Unexpected({kWhat, "label"});
    }
    if (At(Token::kRightParen)) break;
    TRY(Expect(Token::kComma, kSeparator));
  }
  TRY(Expect(Token::kRightParen, kSeparator));
  return labels;
}

StatusOr<ExprPtr> ParseExpression(std::string_view query, const ParseOptions& options) {
  if (query.size() > kMaxQueryBytes) {
    return InvalidArgument(fmt::format("the query is longer than {} bytes", kMaxQueryBytes));
  }
  Parser parser(query, options);
  ExprPtr expr = TRY(parser.ParseAll());
  TRY(CheckTypes(*expr, query));
  PlanExpression(expr.get());
  return expr;
}

}  // namespace outrider::promql
