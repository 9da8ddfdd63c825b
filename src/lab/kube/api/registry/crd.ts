import { at, fieldsOf, isFields, listOf, textAt, type Fields } from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import { ALL_VERBS, type Kind, type PrinterColumn, type ScalePaths } from './kind.ts';

/** The resources that a CustomResourceDefinition serves: one per served version. */
export function kindsOfCrd(crd: ApiObject): Kind[] {
  return listOf(at(crd, 'spec', 'versions'))
    .filter(isFields)
    .filter((version) => version['served'] === true)
    .map((version) => kindOfVersion(crd, version));
}

function kindOfVersion(crd: ApiObject, version: Fields): Kind {
  const group = textAt(crd, 'spec', 'group');
  const names = fieldsOf(at(crd, 'spec', 'names'));
  const plural = textAt(names, 'plural');
  const kind = textAt(names, 'kind');
  const apiVersion = `${group}/${textAt(version, 'name')}`;
  const scale = scalePaths(version);
  return {
    group,
    version: textAt(version, 'name'),
    kind,
    plural,
    singular: textAt(names, 'singular') || kind.toLowerCase(),
    listKind: textAt(names, 'listKind') || `${kind}List`,
    shortNames: listOf(names['shortNames']).map(String),
    categories: listOf(names['categories']).map(String),
    namespaced: textAt(crd, 'spec', 'scope') === 'Namespaced',
    verbs: ALL_VERBS,
    storage: `${plural}.${group}`,
    statusSubresource: isFields(at(version, 'subresources', 'status')),
    ...(scale && { scale }),
    subresources: [],
    countsGenerations: true,
    schema: fieldsOf(at(version, 'schema', 'openAPIV3Schema')),
    custom: {
      crdName: crd.metadata.name,
      columns: printerColumns(version),
      selectableFields: listOf(version['selectableFields']).map((field) =>
        textAt(field, 'jsonPath').replace(/^\./, ''),
      ),
    },
    behaviour: {},
    // Conversion "None": versions differ in their apiVersion only.
    toServed: (object) => (object.apiVersion === apiVersion ? object : { ...object, apiVersion }),
  };
}

function printerColumns(version: Fields): PrinterColumn[] {
  const declared = listOf(version['additionalPrinterColumns']) as PrinterColumn[];
  if (declared.length > 0) return declared;
  return [
    {
      name: 'Age',
      type: 'date',
      description: 'Time since the object was created.',
      jsonPath: '.metadata.creationTimestamp',
    },
  ];
}

function scalePaths(version: Fields): ScalePaths | undefined {
  const scale = at(version, 'subresources', 'scale');
  if (!isFields(scale)) return undefined;
  const selector = textAt(scale, 'labelSelectorPath');
  return {
    specReplicas: simplePath(textAt(scale, 'specReplicasPath')),
    statusReplicas: simplePath(textAt(scale, 'statusReplicasPath')),
    ...(selector !== '' && { selector: simplePath(selector) }),
  };
}

function simplePath(text: string): string[] {
  return text.split('.').filter((part) => part !== '');
}
