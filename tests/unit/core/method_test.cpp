#include <warren/method.hpp>

#include <gtest/gtest.h>

#include <string>

namespace warren {
namespace {

struct Question {
    int class_ = 0;
    std::string text;
};
WARREN_MODEL(Question, (class_, wire_name("class")), (text, defaulted()))

struct Response {
    int number;
};
WARREN_MODEL(Response, (number))

WARREN_CONTRACT(ask, "ask", Question, Response)
WARREN_CONTRACT(ask_plainly, "ask_plainly", std::string, int)
WARREN_CONTRACT(tell, "tell", Question, void)

int run(const Method& method, int number) {
    const auto invocation = method.make_invocation();
    static_cast<Question*>(invocation->request())->class_ = number;
    Context context;
    invocation->run(context, nullptr);
    return static_cast<const Response*>(invocation->data)->number;
}

Response response(const Question& question) {
    return {question.class_ + 1};
}

TEST(Contracts, GiveAMethodItsNameAndTypes) {
    Registry registry;
    registry.method<ask>(response).lock_on(&Question::class_);
    const Method* const method = registry.find("ask");
    ASSERT_NE(method, nullptr);
    EXPECT_EQ(method->request, &type_of<Question>());
    EXPECT_EQ(method->response, &type_of<Response>());
    EXPECT_EQ(method->lock_field->name, "class");
    EXPECT_EQ(run(*method, 1), 2);
}

TEST(Contracts, TakeHandlersOfEveryShape) {
    Registry registry;
    registry.method<ask_plainly>([](const std::string& text) { return int(text.size()); });
    EXPECT_EQ(registry.find("ask_plainly")->request, &type_of<std::string>());
    registry.method<tell>([](Question, Context&) {});
    EXPECT_EQ(registry.find("tell")->response, &type_of<void>());

    const auto run_of = [](auto handler) {
        Registry other;
        other.method<ask>(std::move(handler));
        return run(*other.find("ask"), 5);
    };
    EXPECT_EQ(run_of([] { return Response{7}; }), 7);
    EXPECT_EQ(run_of([](Context&) { return Response{8}; }), 8);
    EXPECT_EQ(run_of([](const Question& question, const Context&) {
                  return Reply<Response>{Response{question.class_}};
              }),
              5);
    EXPECT_EQ(
        run_of([](const Question&) -> std::expected<Response, Failure> { return Response{9}; }), 9);
    registry.method<ask>([](const Question&, Responder<Response>) {});
    EXPECT_TRUE(registry.find("ask")->responds_later);
    EXPECT_EQ(registry.find("ask")->response, &type_of<Response>());
}

TEST(Contracts, ShareTheirNamesWithOtherMethods) {
    Registry registry;
    registry.method("ask", response);
    EXPECT_THROW(registry.method<ask>(response), Error);
}

}  // namespace
}  // namespace warren
