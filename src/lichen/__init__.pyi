from . import probe as probe
from . import textures as textures
from .canvas import Canvas as Canvas
from .errors import LichenError as LichenError
from .exemplar import Exemplar as Exemplar
from .faces.python import RunInterruptedError as RunInterruptedError
from .faces.python import analogy as analogy
from .faces.python import apply as apply
from .faces.python import extend as extend
from .faces.python import fill as fill
from .faces.python import finish as finish
from .faces.python import iterate as iterate
from .faces.python import mix as mix
from .faces.python import strip as strip
from .faces.python import synthesize as synthesize
from .faces.python import transfer as transfer
from .faces.texture_synthesis_cnn import TextureSynthesisCNN as TextureSynthesisCNN
from .faces.training import TrainingInterruptedError as TrainingInterruptedError
from .faces.training import train as train
from .image import read_image as read_image
from .image import write_image as write_image
from .image.maps import Map as Map
from .job import Job as Job
from .method import Context as Context
from .method import Method as Method
from .model import Model as Model
from .portilla_simoncelli.measurement import (
    PortillaSimoncelliStatistics as PortillaSimoncelliStatistics,
)
from .portilla_simoncelli.measurement import (
    portilla_simoncelli_statistics as portilla_simoncelli_statistics,
)
from .quality.card import Card as Card
from .quality.card import Comparison as Comparison
from .quality.card import compare as compare
from .quality.discrimination import Sameness as Sameness
from .quality.discrimination import same as same
from .registry import method as method
from .registry import methods as methods
from .result import Provenance as Provenance
from .result import Result as Result
from .result import read_provenance as read_provenance
from .run.checkpoint import resume as resume
from .run.loop import Run as Run
from .run.mixture import random_weights as random_weights
from .run.rerun import rerun as rerun
from .run.verbs import continue_from as continue_from
from .source_map import SourceMap as SourceMap
from .step import Step as Step
from .training.step import TrainStep as TrainStep

__version__: str
