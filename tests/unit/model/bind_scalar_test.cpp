#include "core/timestamp.hpp"
#include "core/uuid.hpp"
#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace warren::test::bind_scalar_test {

template <typename T>
class BindIntegerWidth : public testing::Test {};
using Widths = testing::Types<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                              std::uint32_t, std::int64_t, std::uint64_t>;
TYPED_TEST_SUITE(BindIntegerWidth, Widths);

TYPED_TEST(BindIntegerWidth, TakesItsLimitsAndRefusesOnePast) {
    using Limits = std::numeric_limits<TypeParam>;
    const std::string least = std::to_string(Limits::min());
    const std::string greatest = std::to_string(Limits::max());
    for (const std::string quote : {"", "\""}) {  // as a number, and as text
        TypeParam target{};
        EXPECT_EQ(bind_errors(quote + least + quote, target), Brief{});
        EXPECT_EQ(target, Limits::min());
        EXPECT_EQ(bind_errors(quote + greatest + quote, target), Brief{});
        EXPECT_EQ(target, Limits::max());
    }
    // One more and one less by decimal arithmetic, since no integer type holds them all.
    std::string more = greatest;
    ++more.back();  // every greatest ends in 5 or 7
    std::string less = least == "0" ? "-1" : least;
    if (least != "0") {
        ++less.back();  // every least ends in 8
    }
    EXPECT_EQ(bind_errors<TypeParam>('"' + more + '"'), Brief{"int_out_of_range"});
    EXPECT_EQ(bind_errors<TypeParam>('"' + less + '"'), Brief{"int_out_of_range"});
    if (sizeof(TypeParam) < 8) {
        EXPECT_EQ(bind_errors<TypeParam>(more), Brief{"int_out_of_range"});
        EXPECT_EQ(bind_errors<TypeParam>(less), Brief{"int_out_of_range"});
    }
    TypeParam target{};
    const auto errors = model::bind(type_of<TypeParam>(), Value::floating(1e300), &target);
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].message, "Input should be from " + least + " to " + greatest);
}

struct Case {
    std::string_view json;
    std::string_view error;  // empty: bound
};

template <typename T>
void expect(std::initializer_list<Case> cases) {
    for (const auto& [json, error] : cases) {
        EXPECT_EQ(bind_errors<T>(json), error.empty() ? Brief{} : Brief{std::string{error}})
            << json;
    }
}

TEST(BindScalar, Integers) {
    expect<int>({{"1", ""},
                 {"-0", ""},
                 {"1.0", ""},
                 {"1e2", ""},
                 {"1.5", "int_from_float"},
                 {"true", "int_type"},
                 {"null", "int_type"},
                 {"[]", "int_type"},
                 {"{}", "int_type"},
                 {"\"7\"", ""},
                 {"\" +7 \"", ""},
                 {"\"7.00\"", ""},
                 {"\"7.5\"", "int_parsing"},
                 {"\"7.\"", "int_parsing"},
                 {"\"\"", "int_parsing"},
                 {"\"-\"", "int_parsing"},
                 {"\"+-1\"", "int_parsing"},
                 {"\"0x1\"", "int_parsing"},
                 {"\"1 2\"", "int_parsing"},
                 {"\"99999999999999999999999\"", "int_out_of_range"}});
    int target{};
    EXPECT_EQ(briefly(model::bind(type_of<int>(), Value::floating(std::nan("")), &target)),
              Brief{"finite_number"});
}

TEST(BindScalar, Floats) {
    expect<double>({{"1", ""},
                    {"1.5", ""},
                    {"18446744073709551615", ""},
                    {"\"1e3\"", ""},
                    {"\" +2.5\"", ""},
                    {"\"\"", "float_parsing"},
                    {"\"1,5\"", "float_parsing"},
                    {"\"+-1\"", "float_parsing"},
                    {"\"nan\"", "finite_number"},
                    {"\"inf\"", "finite_number"},
                    {"\"1e999\"", "finite_number"},
                    {"true", "float_type"},
                    {"null", "float_type"}});
    expect<float>(
        {{"3.4028234663852886e38", ""}, {"3.5e38", "finite_number"}, {"-3.5e38", "finite_number"}});
    for (const double odd : {double{INFINITY}, -double{INFINITY}, std::nan("")}) {
        double target{};
        EXPECT_EQ(briefly(model::bind(type_of<double>(), Value::floating(odd), &target)), Brief{});
        EXPECT_EQ(Value::floating(target), Value::floating(odd)) << "as formats that have it say";
        float narrow{};
        EXPECT_EQ(briefly(model::bind(type_of<float>(), Value::floating(odd), &narrow)), Brief{});
        EXPECT_EQ(Value::floating(double{narrow}), Value::floating(odd));
    }
}

TEST(BindScalar, TruthValues) {
    for (const std::string_view yes :
         {"true", "1", "1.0", "\"true\"", "\"YES\"", "\"On\"", "\"1\"", "\"t\"", "\"y\""}) {
        bool target = false;
        EXPECT_EQ(bind_errors(yes, target), Brief{}) << yes;
        EXPECT_TRUE(target) << yes;
    }
    for (const std::string_view no :
         {"false", "0", "\"False\"", "\"no\"", "\"OFF\"", "\"0\"", "\"f\"", "\"n\""}) {
        bool target = true;
        EXPECT_EQ(bind_errors(no, target), Brief{}) << no;
        EXPECT_FALSE(target) << no;
    }
    expect<bool>({{"2", "bool_parsing"},
                  {"-1", "bool_parsing"},
                  {"0.5", "bool_parsing"},
                  {"\"\"", "bool_parsing"},
                  {"\"yess\"", "bool_parsing"},
                  {"null", "bool_type"},
                  {"[]", "bool_type"}});
}

TEST(BindScalar, TextAndBytes) {
    expect<std::string>(
        {{"\"\"", ""}, {"1", "string_type"}, {"null", "string_type"}, {"true", "string_type"}});
    expect<Bytes>({{"\"\"", ""},
                   {"\"AA==\"", ""},
                   {"\"AA\"", ""},
                   {"\"-_8=\"", ""},
                   {"\"A\"", "bytes_invalid_encoding"},
                   {"\"AAE =\"", "bytes_invalid_encoding"},
                   {"1", "bytes_type"},
                   {"null", "bytes_type"}});
    const std::byte octets[] = {std::byte{0xC3}, std::byte{0xA9}, std::byte{0xFF}};
    std::string text;
    Bytes bytes;
    const Value good = Value::bytes(std::span{octets}.first(2));
    EXPECT_TRUE(model::bind(type_of<std::string>(), good, &text).empty());
    EXPECT_EQ(text, "é");
    EXPECT_TRUE(model::bind(type_of<Bytes>(), Value::bytes(octets), &bytes).empty());
    EXPECT_EQ(bytes, (Bytes{octets[0], octets[1], octets[2]}));
    EXPECT_EQ(briefly(model::bind(type_of<std::string>(), Value::bytes(octets), &text)),
              Brief{"string_unicode"});
}

TEST(BindScalar, Enumerations) {
    Colour colour{};
    EXPECT_EQ(bind_errors("\"blue\"", colour), Brief{});
    EXPECT_EQ(colour, Colour::blue);
    Tiny tiny{};
    EXPECT_EQ(bind_errors("\"low\"", tiny), Brief{});
    EXPECT_EQ(tiny, Tiny::low);
    expect<Colour>({{"\"Blue\"", "enum"}, {"7", "enum"}, {"null", "enum"}, {"\"\"", "enum"}});
}

TEST(BindScalar, Uuids) {
    Uuid uuid;
    EXPECT_EQ(bind_errors("\"67E55044-10b1-426f-9247-bb680e5fe0c8\"", uuid), Brief{});
    EXPECT_EQ(core::to_string(uuid), "67e55044-10b1-426f-9247-bb680e5fe0c8");
    Uuid same;
    EXPECT_EQ(bind_errors("\"67e5504410b1426f9247bb680e5fe0c8\"", same), Brief{});
    EXPECT_EQ(uuid, same);
    Uuid binary;
    EXPECT_TRUE(
        model::bind(type_of<Uuid>(), Value::bytes(std::as_bytes(std::span{uuid.octets})), &binary)
            .empty());
    EXPECT_EQ(uuid, binary);
    expect<Uuid>({{"\"67e55044-10b1-426f-9247-bb680e5fe0c\"", "uuid_parsing"},
                  {"\"67e55044-10b1-426f-9247bb-680e5fe0c8\"", "uuid_parsing"},
                  {"\"67e55044-10b1-426f-9247-bb680e5fe0cg\"", "uuid_parsing"},
                  {"1", "uuid_type"},
                  {"null", "uuid_type"}});
}

TEST(BindScalar, Timestamps) {
    for (const std::string_view same :
         {"\"2024-02-29T11:00:00Z\"", "\"2024-02-29 12:00:00+01:00\"", "\"2024-02-29t11:00:00.0z\"",
          "1709204400", "1709204400.0", "\"1709204400\"", "\"1709204400.0\""}) {
        Timestamp target;
        EXPECT_EQ(bind_errors(same, target), Brief{}) << same;
        EXPECT_EQ(core::to_string(target), "2024-02-29T11:00:00Z") << same;
    }
    expect<Timestamp>({{"253402300799", ""},
                       {"253402300800", "datetime_parsing"},
                       {"-62167219200", ""},
                       {"-62167219201", "datetime_parsing"},
                       {"18446744073709551615", "datetime_parsing"},
                       {"1e300", "datetime_parsing"},
                       {"\"2024-02-29T11:00:00\"", "datetime_parsing"},
                       {"\"\"", "datetime_parsing"},
                       {"true", "datetime_type"},
                       {"null", "datetime_type"}});
}

TEST(BindScalar, Paths) {
    const auto quoted = [](const std::string& path) { return '"' + path + '"'; };
    const std::string element(254, 'e');
    std::string whole;
    while (whole.size() + 255 <= 4095) {
        whole += '/' + element;
    }
    whole += '/' + std::string(4095 - whole.size() - 1, 'x');
    EXPECT_EQ(bind_errors<AbsolutePath>(quoted(whole)), Brief{});
    EXPECT_EQ(bind_errors<AbsolutePath>(quoted(whole + 'x')), Brief{"path_too_long"});
    EXPECT_EQ(bind_errors<AbsolutePath>(quoted('/' + element)), Brief{});
    EXPECT_EQ(bind_errors<AbsolutePath>(quoted('/' + element + 'e')),
              Brief{"path_element_too_long"});
    EXPECT_EQ(bind_errors<RelativePath>(quoted(element)), Brief{});
    EXPECT_EQ(bind_errors<RelativePath>(quoted(element + 'e')), Brief{"path_element_too_long"});
    expect<AbsolutePath>({{"\"/\"", ""},
                          {"\"/a/b\"", ""},
                          {"\"/...\"", ""},
                          {"\"\"", "path_empty"},
                          {"\"a\"", "path_not_absolute"},
                          {"\"/a/\"", "path_not_normalized"},
                          {"\"//a\"", "path_not_normalized"},
                          {"\"/a/./b\"", "path_not_normalized"},
                          {"\"/..\"", "path_not_normalized"},
                          {"\"/a\\u0000\"", "path_null_byte"},
                          {"1", "string_type"}});
    expect<RelativePath>({{"\"a\"", ""},
                          {"\"a/b\"", ""},
                          {"\"\"", "path_empty"},
                          {"\"/a\"", "path_not_relative"},
                          {"\"a/\"", "path_not_normalized"},
                          {"\".\"", "path_not_normalized"},
                          {"\"a/..\"", "path_not_normalized"}});
}

}  // namespace warren::test::bind_scalar_test
