#include <warren/method.hpp>

#include <gtest/gtest.h>

#include <functional>
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

std::string refusal_of(const std::function<void()>& step) {
    try {
        step();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::internal);
        return error.message();
    }
    return "(none)";
}

TEST(MethodLocks, AreTheLastThatWasSaid) {
    Registry registry;
    MethodOptions options = registry.method<ask>(response).lock_on(&Question::class_, "server");
    const Method& method = *registry.find("ask");
    EXPECT_EQ(method.locking, Locking::field);
    EXPECT_EQ(method.lock_field->name, "class");
    EXPECT_EQ(method.lock_name, "server");
    options.lock_on("text", "another");
    EXPECT_EQ(method.lock_field->name, "text");
    EXPECT_EQ(method.lock_name, "another");
    options.lock_on(&Question::text);
    EXPECT_EQ(method.lock_name, "");
    options.run_alone("server");
    EXPECT_EQ(method.locking, Locking::alone);
    EXPECT_EQ(method.lock_field, nullptr);
    EXPECT_EQ(method.lock_name, "server");
    options.run_alone();
    EXPECT_EQ(method.lock_name, "");
}

TEST(MethodLocks, HaveNamesOfBoundedText) {
    Registry registry;
    MethodOptions options = registry.method<ask>(response);
    const Method& method = *registry.find("ask");
    for (const std::string& name : {std::string{}, std::string(256, 'x'), std::string{"\xFF"}}) {
        for (const std::string& said : {refusal_of([&] { options.lock_on(&Question::text, name); }),
                                        refusal_of([&] { options.lock_on("text", name); }),
                                        refusal_of([&] { options.run_alone(name); })}) {
            EXPECT_TRUE(said.starts_with("method 'ask': '")) << said;
            EXPECT_TRUE(said.ends_with("is no name of a lock: use 1 to 255 bytes of UTF-8"))
                << said;
            EXPECT_LT(said.size(), 200U);
        }
        EXPECT_EQ(method.locking, Locking::none);
    }
    EXPECT_TRUE(refusal_of([&] {
                    options.lock_on("nothing", "server");
                }).contains("the request has no field 'nothing' to lock on"));
    options.lock_on(&Question::text, std::string(255, 'x'));
    EXPECT_EQ(method.lock_name.size(), 255U);
}

TEST(Contracts, ShareTheirNamesWithOtherMethods) {
    Registry registry;
    registry.method("ask", response);
    EXPECT_THROW(registry.method<ask>(response), Error);
}

}  // namespace
}  // namespace warren
