"""Schema text to schema nodes: the whole language, without any other program."""

from caplet.compiler.compile import Compilation, CompiledFile, compile_file, compile_files, compile_text

__all__ = ["Compilation", "CompiledFile", "compile_file", "compile_files", "compile_text"]
