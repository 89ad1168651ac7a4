extern "C" int some_library() {
    return 1;
}
