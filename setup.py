"""Compiles the hot modules when a C compiler is there: all of them or none (CAPLET_EXTENSIONS=auto|require|no|checked).

`checked` is for developers: bounds are checked by Cython too, and the compiler watches every access (AddressSanitizer, undefined
behaviour). `scripts/run_checked.py` builds it and runs a program in it.
"""

import os
import sys
import tempfile
from pathlib import Path

from setuptools import Extension, setup

MODULES = [f"caplet.{name}" for name in Path("src/caplet/compiled_modules.txt").read_text().split()]
OPTIONS = dict.fromkeys(["annotation_typing", "boundscheck", "wraparound", "initializedcheck"], False)
FLAGS, WORKERS = ([], 0) if os.name == "nt" else (["-O2", "-g0"], os.cpu_count())
LINK: list[str] = []
PROBE = "#include <Python.h>\nint main(void) { return Py_IsInitialized(); }\n"


def probe() -> str:
    """Compile and link two lines; return what went wrong, or nothing."""
    from distutils.ccompiler import new_compiler  # setuptools brings it where Python no longer does
    from distutils.sysconfig import customize_compiler, get_python_inc

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text(PROBE)
        try:
            compiler = new_compiler()
            customize_compiler(compiler)
            include = [get_python_inc(), get_python_inc(plat_specific=True)]
            objects = compiler.compile([str(source)], output_dir=folder, include_dirs=include)
            compiler.link_shared_object(objects, str(Path(folder, "probe.so")))
        except Exception as error:  # whatever a missing or broken compiler raises
            return f"{type(error).__name__}: {error}"
    return ""


wanted = os.environ.get("CAPLET_EXTENSIONS", "auto")
if wanted not in ("auto", "require", "no", "checked"):
    sys.exit(f"caplet: CAPLET_EXTENSIONS is auto, require, no or checked, not {wanted!r}")
if wanted == "checked":
    # No index counts from the end here either: a negative one is out of bounds.
    OPTIONS |= {"boundscheck": True, "initializedcheck": True}
    # Messages are read in place wherever they lie, also at odd addresses, which all processors that we run on can do.
    FLAGS = ["-O1", "-g1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize=alignment"]
    LINK = ["-fsanitize=address,undefined"]
problem = "CAPLET_EXTENSIONS=no" if wanted == "no" else probe()
if problem and wanted in ("require", "checked"):
    sys.exit(f"caplet: CAPLET_EXTENSIONS={wanted}, but extensions cannot be compiled: {problem}")
extensions = []
if problem:
    print(f"caplet: pure Python, nothing is compiled ({problem})", file=sys.stderr)
else:
    from Cython.Build import cythonize

    sources = {module: f"src/{module.replace('.', '/')}.py" for module in MODULES}
    parts = [Extension(m, [path], extra_compile_args=FLAGS, extra_link_args=LINK) for m, path in sources.items()]
    folder = "build/cython-checked" if wanted == "checked" else "build/cython"
    extensions = cythonize(parts, nthreads=WORKERS, build_dir=folder, compiler_directives=OPTIONS)
# A folder for each form, so that one never holds what is left of the other.
setup(ext_modules=extensions, options={"build": {"build_base": f"build/{wanted}"}})
